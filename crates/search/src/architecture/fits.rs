//! Choices held against a space.

use dartloom_record::Refused;
use dartloom_relax::Constraint;
use dartloom_space::{CellGraph, Recipe, Space};

use crate::{
    Among, CellLogits, Choices, Incomplete, LinkChoices, LinkLine, LinkPenalties, SearchError,
};

/// Refuses choices that do not fit the space.
pub(super) fn check(space: &Space, choices: &Choices) -> Result<(), SearchError> {
    let refuse = |field, expected, found| Err(Refused::new(field, expected, found).into());
    let Choices { relaxation, edges, links, start, cell_penalties, .. } = choices;
    if let Some(edges) = edges
        && edges.domain() != relaxation.domain()
    {
        return refuse(
            "relaxation of edges",
            "logits that live where those of operations do, as one rule moves both",
            format!("{edges:?} beside {relaxation:?}"),
        );
    }
    if let Some(links) = links
        && links.relaxation.domain() != relaxation.domain()
    {
        return refuse(
            "relaxation of links",
            "logits that live where those of operations do, as one rule moves both",
            format!("{:?} beside {relaxation:?}", links.relaxation),
        );
    }
    let unknown = |name: &&String| space.cells().iter().all(|cell| cell.name != **name);
    if let Some(name) = cell_penalties.keys().find(unknown) {
        return refuse("penalties of a cell", "a cell of the space", name.clone());
    }
    if choices.auxiliary_skip.is_some() && skip(space).is_none() {
        let found = space.op_set().names().collect::<Vec<_>>().join(", ");
        return refuse("auxiliary skip", "a skip connection among the operations", found);
    }
    let Some(start) = start else { return Ok(()) };
    let fits = start.cells.len() == space.cells().len()
        && start.cells.iter().zip(space.cells()).all(|(own, cell)| {
            own.edges.len() == cell.graph.edges().len()
                && own.edges.iter().all(|row| row.len() == space.op_set().len())
        });
    if !fits {
        let shape = |cell: &CellLogits| (cell.edges.len(), cell.edges.first().map_or(0, Vec::len));
        let shapes: Vec<_> = start.cells.iter().map(shape).collect();
        let expected = "a table of edges and operations for each cell of the space";
        return refuse("start", expected, format!("tables of {shapes:?}"));
    }
    let mut rows = start.cells.iter().flat_map(|cell| &cell.edges);
    let wrong = match relaxation.domain() {
        Constraint::Simplex => rows.find(|row| {
            let sum: f64 = row.iter().sum();
            !row.iter().all(|share| *share >= 0.0) || (sum - 1.0).abs() > 1e-6
        }),
        _ => rows.find(|row| row.iter().any(|logit| !logit.is_finite())),
    };
    match wrong {
        Some(row) => {
            refuse("start", "finite logits, shares of 1 on the simplex", format!("{row:?}"))
        }
        None => Ok(()),
    }
}

/// The line of the links of the space's network and the choices that relax them, which it needs
/// if it leaves a choice of links, and may have if not.
pub(super) fn links(
    space: &Space,
    choices: &Choices,
) -> Result<Option<(LinkLine, LinkChoices)>, SearchError> {
    let count = space.network().choices().count();
    match &choices.links {
        _ if count == 0 => Ok(None),
        Some(links) => {
            let line = LinkLine::new(space.network(), links.among);
            check_links(links, &line)?;
            Ok(Some((line, links.clone())))
        }
        None => {
            let expected = "a relaxation of links, since the network leaves choices among them";
            let found = format!("none, for {count} ports that choose");
            Err(Refused::new("links", expected, found).into())
        }
    }
}

/// Refuses terms and factors that mean nothing for choices of this kind.
fn check_links(links: &LinkChoices, line: &LinkLine) -> Result<(), SearchError> {
    if links.penalties != LinkPenalties::default() && links.among != Among::Layer {
        let expected = "`Layer`, since the penalties of links read them layer by layer";
        return Err(Refused::new("links.among", expected, format!("{:?}", links.among)).into());
    }
    let share = links.penalties.share;
    if !(share > 0.0 && share <= 1.0) {
        let expected = "a share of memory above 0, at most 1";
        return Err(Refused::new("links.share", expected, share.to_string()).into());
    }
    let most = line.groups().sizes().iter().copied().max().unwrap_or(0);
    if links.incomplete == Incomplete::Thirds && most > 3 {
        let expected = "`Whole` for choices of more than three links";
        let found = format!("`Thirds` for a choice of {most}");
        return Err(Refused::new("links.incomplete", expected, found).into());
    }
    Ok(())
}

/// Rows of the edges from a cell's last input.
pub(super) fn from_last_input(graph: &CellGraph) -> Vec<usize> {
    let last = graph.inputs().saturating_sub(1);
    let rows = graph.edges().iter().enumerate().filter(|(_, edge)| edge.from == last);
    rows.map(|(row, _)| row).collect()
}

/// The operation that passes its input on.
pub(super) fn skip(space: &Space) -> Option<usize> {
    space
        .op_set()
        .ops()
        .iter()
        .position(|spec| spec.recipe.as_ref().is_some_and(Recipe::is_identity))
}
