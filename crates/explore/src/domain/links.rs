//! The links between cells that a genotype keeps.

use dartloom_space::topology::{LinkTopologies, Topology};
use dartloom_space::{Genotype, Links, SpaceError};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngCore};

use super::Domain;

/// A link, by row of the choices and position in it.
type Place = (usize, usize);

impl Domain {
    /// The number of sets of links; `None` from 2^64 on.
    pub(super) fn link_sets(&self) -> Option<u64> {
        if let Some(topologies) = &self.topologies {
            return u64::try_from(topologies.counts().total()).ok();
        }
        self.space.network().choices().try_fold(1_u64, |all, choice| {
            let sets = 1_u64.checked_shl(u32::try_from(choice.links).ok()?)?;
            all.checked_mul(sets - 1)
        })
    }

    /// Links as [`Space::sample_links`](dartloom_space::Space::sample_links) draws them.
    pub(super) fn sample_links(&self, rng: &mut dyn RngCore) -> Links {
        match &self.topologies {
            Some(topologies) => topologies.draw(rng),
            None => self.space.sample_links(rng),
        }
    }

    /// `true` if the genotype keeps some links of every port that chooses, and no others; in a
    /// lattice, those of a feasible topology.
    pub(super) fn has_links(&self, genotype: &Genotype) -> bool {
        let links = genotype.links();
        if let Some(topologies) = &self.topologies {
            return topologies.topology(links).is_some();
        }
        let choices = self.space.network().choices();
        let choices: Vec<_> = choices.map(|choice| choice.port).collect();
        links.head.is_empty()
            && links.ports.iter().map(|own| own.id()).eq(choices)
            && self.space.admit(genotype).is_ok()
    }

    /// The genotype with one link more or less, drawn uniformly among those that leave a set that
    /// is not empty. `None` where no link can come or go. In a lattice a link or a node comes or
    /// goes, drawn uniformly among the changes that leave a feasible topology
    /// ([`LinkTopologies::neighbours`]).
    ///
    /// # Errors
    /// [`SpaceError`] for a genotype of another space.
    pub fn mutate_link(
        &self,
        genotype: &Genotype,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Genotype>, SpaceError> {
        if let Some((topologies, topology)) = self.topology(genotype) {
            let near = topologies.neighbours(&topology);
            let Some(chosen) = near.choose(rng) else { return Ok(None) };
            return genotype.clone().with_links(topologies.links(chosen)).map(Some);
        }
        let places = self.movable_links(genotype);
        let Some(&place) = places.choose(rng) else { return Ok(None) };
        self.toggled(genotype, place).map(Some)
    }

    /// Every genotype with one link more or less, or in a lattice one node.
    pub(super) fn link_neighbours(&self, genotype: &Genotype) -> Result<Vec<Genotype>, SpaceError> {
        if let Some((topologies, topology)) = self.topology(genotype) {
            let near = topologies.neighbours(&topology).into_iter();
            let with = |near: Topology| genotype.clone().with_links(topologies.links(&near));
            return near.map(with).collect();
        }
        let places = self.movable_links(genotype).into_iter();
        places.map(|place| self.toggled(genotype, place)).collect()
    }

    /// `true` where the space leaves a choice of links.
    pub(super) fn chooses_links(&self) -> bool {
        self.space.network().choices().next().is_some()
    }

    /// The feasible topologies of a lattice; `None` where links are no lattice's.
    pub fn topologies(&self) -> Option<&LinkTopologies> {
        self.topologies.as_ref()
    }

    /// The topology of a genotype's links, in a lattice.
    fn topology(&self, genotype: &Genotype) -> Option<(&LinkTopologies, Topology)> {
        let topologies = self.topologies.as_ref()?;
        Some((topologies, topologies.topology(genotype.links())?))
    }

    /// Links port by port from one parent or the other, each with equal probability. In a lattice
    /// the first layers come from one parent and the others from the other: the column between them
    /// is drawn uniformly among those where both use the same nodes, the ends included.
    pub(super) fn mated_links(
        &self,
        first: &Links,
        second: &Links,
        rng: &mut dyn RngCore,
    ) -> Links {
        if let Some(topologies) = &self.topologies
            && let Some(first) = topologies.topology(first)
            && let Some(second) = topologies.topology(second)
        {
            return topologies.links(&crossed(topologies, &first, &second, rng));
        }
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

fn crossed(
    topologies: &LinkTopologies,
    first: &Topology,
    second: &Topology,
    rng: &mut dyn RngCore,
) -> Topology {
    let join = |column: usize| {
        let patterns = [&first.patterns[..column], &second.patterns[column..]].concat();
        Topology { patterns }
    };
    let lattice = topologies.counts().lattice();
    let children = (0..=first.patterns.len()).map(join);
    let children: Vec<Topology> = children.filter(|own| lattice.active(own).is_ok()).collect();
    // The ends are the parents themselves.
    children.choose(rng).cloned().unwrap_or_else(|| first.clone())
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
        // Four cells of two operations in each of two layers, and the feasible topologies.
        assert_eq!(domain.size(), Some((1 << 8) * 99));
    }

    /// Every topology is drawn as often as every other: chi-square with 98 degrees of freedom stays
    /// below its 99.9th percentile, 149.4.
    #[test]
    fn topologies_of_a_lattice_are_drawn_uniformly_and_are_all_feasible() {
        let domain = domain();
        let topologies = domain.space().network().topologies().unwrap();
        let mut rng = Noise::new(8).stream("test", 0);
        let mut counts = std::collections::BTreeMap::new();
        let draws = 99 * 60;
        for _ in 0..draws {
            let genotype = domain.sample(&mut rng).unwrap();
            let topology = topologies.topology(genotype.links()).unwrap();
            topologies.counts().lattice().active(&topology).unwrap();
            *counts.entry(topology).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 99);
        let expected = f64::from(draws) / 99.0;
        let square = |count: &u32| (f64::from(*count) - expected).powi(2) / expected;
        let chi: f64 = counts.values().map(square).sum();
        assert!(chi < 149.4, "{chi}");
    }

    /// Mutations of links alone lead from any topology to all others.
    #[test]
    fn neighbours_of_topologies_connect_all_of_them() {
        let ops = OpSet::builtin("dints").unwrap();
        let deep = Space::lattice(ops, Lattice::auto_deeplab(4, 2), 1, Stem::cifar(1)).unwrap();
        for space in [domain().space(), &deep] {
            connected(&space.network().topologies().unwrap());
        }
    }

    fn connected(topologies: &LinkTopologies) {
        let counts = topologies.counts();
        let mut open = vec![counts.nth(&0_u32.into()).unwrap()];
        let mut seen: std::collections::BTreeSet<Topology> = open.iter().cloned().collect();
        while let Some(at) = open.pop() {
            for next in topologies.neighbours(&at) {
                assert!(counts.lattice().active(&next).is_ok() && next != at);
                assert!(topologies.neighbours(&next).contains(&at), "{at:?} {next:?}");
                if seen.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        assert!(seen.len() > 90);
        assert_eq!(seen.len().to_string(), counts.total().to_string());
    }

    #[test]
    fn children_of_topologies_are_feasible_and_of_both_parents() {
        let stem = Stem::pyramid(2).unwrap();
        let ops = OpSet::builtin("dints").unwrap();
        let space = Space::lattice(ops, Lattice::dints(4, 2), 1, stem).unwrap();
        let domain = Domain::top(space, 2);
        let mut rng = Noise::new(4).stream("test", 0);
        let mut mixed = 0;
        for _ in 0..50 {
            let first = domain.sample(&mut rng).unwrap();
            let second = domain.sample(&mut rng).unwrap();
            let child = domain.mate(&first, &second, &mut rng).unwrap();
            assert!(domain.contains(&child));
            mixed += u32::from(child.links() != first.links() && child.links() != second.links());
        }
        assert!(mixed > 5, "{mixed}");
    }
}
