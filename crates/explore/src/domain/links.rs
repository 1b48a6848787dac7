//! The links between cells that a genotype keeps.

use dartloom_space::{Genotype, Links, SpaceError};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngCore};

use super::Domain;

/// A link, by row of the choices and position in it.
type Place = (usize, usize);

impl Domain {
    /// `true` if the genotype keeps some links of every port that chooses, and no others.
    pub(super) fn has_links(&self, genotype: &Genotype) -> bool {
        let links = genotype.links();
        let choices = self.space.network().choices();
        let choices: Vec<_> = choices.map(|choice| choice.port).collect();
        links.head.is_empty()
            && links.ports.iter().map(|own| own.id()).eq(choices)
            && self.space.admit(genotype).is_ok()
    }

    /// The genotype with one link more or less, drawn uniformly among those that leave a set that
    /// is not empty. `None` where no link can come or go.
    ///
    /// # Errors
    /// [`SpaceError`] for a genotype of another space.
    pub fn mutate_link(
        &self,
        genotype: &Genotype,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Genotype>, SpaceError> {
        let places = self.movable_links(genotype);
        let Some(&place) = places.choose(rng) else { return Ok(None) };
        self.toggled(genotype, place).map(Some)
    }

    /// Every genotype with one link more or less.
    pub(super) fn link_neighbours(&self, genotype: &Genotype) -> Result<Vec<Genotype>, SpaceError> {
        let places = self.movable_links(genotype).into_iter();
        places.map(|place| self.toggled(genotype, place)).collect()
    }

    /// `true` where the space leaves a choice of links.
    pub(super) fn chooses_links(&self) -> bool {
        self.space.network().choices().next().is_some()
    }

    /// Links port by port from one parent or the other, each with equal probability.
    pub(super) fn mated_links(first: &Links, second: &Links, rng: &mut dyn RngCore) -> Links {
        let mut links = first.clone();
        for (own, other) in links.ports.iter_mut().zip(&second.ports) {
            if rng.random_bool(0.5) {
                own.clone_from(other);
            }
        }
        links
    }

    fn movable_links(&self, genotype: &Genotype) -> Vec<Place> {
        let rows = self.space.network().choices().zip(&genotype.links().ports).enumerate();
        let links = rows.flat_map(|(row, (choice, own))| {
            let alone = (own.kept.len() == 1).then(|| own.kept[0]);
            (0..choice.links).filter(move |&link| alone != Some(link)).map(move |link| (row, link))
        });
        links.collect()
    }

    fn toggled(&self, genotype: &Genotype, (row, link): Place) -> Result<Genotype, SpaceError> {
        let mut links = genotype.links().clone();
        let kept = &mut links.ports[row].kept;
        match kept.binary_search(&link) {
            Ok(position) => {
                kept.remove(position);
            }
            Err(position) => kept.insert(position, link),
        }
        genotype.clone().with_links(links)
    }
}

#[cfg(test)]
mod tests {
    use dartloom_noise::Noise;
    use dartloom_space::{Lattice, OpSet, Space, Stem};

    use super::*;

    fn domain() -> Domain {
        let ops = OpSet::builtin("dints").unwrap();
        let stem = Stem::pyramid(2).unwrap();
        Domain::top(Space::lattice(ops, Lattice::dints(2, 2), 1, stem).unwrap(), 2)
    }

    #[test]
    fn genotypes_with_links_are_drawn_changed_and_mixed_within_the_domain() {
        let domain = domain();
        let mut rng = Noise::new(3).stream("test", 0);
        let mut moved = 0;
        for _ in 0..50 {
            let first = domain.sample(&mut rng).unwrap();
            let second = domain.sample(&mut rng).unwrap();
            let child = domain.mate(&first, &second, &mut rng).unwrap();
            let mutant = domain.mutate(&child, &mut rng).unwrap();
            for own in [&first, &second, &child, &mutant] {
                assert!(domain.contains(own));
                own.network_in(domain.space()).unwrap();
            }
            assert_ne!(child, mutant);
            moved += usize::from(child.links() != mutant.links());
            for neighbour in domain.neighbours(&child).unwrap() {
                assert!(domain.contains(&neighbour) && neighbour != child);
            }
        }
        assert!((5..45).contains(&moved), "{moved}");
    }

    #[test]
    fn a_genotype_without_links_is_none_of_the_domain() {
        let domain = domain();
        let mut rng = Noise::new(3).stream("test", 0);
        let whole = domain.sample(&mut rng).unwrap();
        let open = domain.space().genotype(whole.cells().to_vec()).unwrap();
        assert!(!domain.contains(&open));
        // Four cells of two operations in each of two layers, and two sets of three for each node.
        assert_eq!(domain.size(), Some((1 << 8) * 3_u64.pow(4)));
    }
}
