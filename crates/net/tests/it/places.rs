use candle_core::{DType, Tensor};
use dartloom_net::{NetError, Supernet};
use dartloom_ops::{Builder, Mode, OpCost, OpError, Operation, Place, Registry, op_fn};
use dartloom_ops::{Model, Output, Pass, Watch};
use dartloom_space::{Blueprint, Genotype, InputPlan};

use crate::support::*;

/// Runs `forward` and returns what its watch was shown.
fn seen(
    mode: Mode,
    forward: impl FnOnce(&mut Pass<'_>) -> Result<Output, NetError>,
) -> Vec<(String, Tensor)> {
    let mut places = Vec::new();
    let mut watch = |place: &dyn std::fmt::Display, value: &Tensor| {
        places.push((place.to_string(), value.clone()));
        Ok(())
    };
    let watch: &mut Watch<'_> = &mut watch;
    let mut noise = rng(0);
    forward(&mut Pass { watch: Some(watch), ..Pass::new(mode, &mut noise) }).unwrap();
    places
}

fn names(seen: Vec<(String, Tensor)>) -> Vec<String> {
    seen.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_watch_sees_every_operation_of_a_supernet_once() {
    let space = small_space(ops(&["none", "skip_connect", "sep_conv_3x3"]), 2);
    let net = supernet(&Blueprint::supernet(&space, build(4, 8)).unwrap(), 1);
    let found =
        names(seen(Mode::train(), |pass| net.forward(&images(2, 8), &weights(&space), pass)));
    let mut expected = vec!["stem part 0".to_owned()];
    for cell in 0..2 {
        expected.extend((0..2).map(|port| format!("cell {cell}, port {port}")));
        for edge in space.cells()[cell].graph.edges() {
            for op in ["skip_connect", "sep_conv_3x3"] {
                expected.push(format!("cell {cell}, edge {}->{}, {op}", edge.from, edge.to));
            }
        }
    }
    expected.push("head".to_owned());
    assert_eq!(found, expected);
}

#[test]
fn a_watch_sees_the_auxiliary_head() {
    let net = derived(&with_auxiliary(dartloom_space::AuxHead::Cifar, 32), 1);
    let found = names(seen(Mode::train(), |pass| Ok(net.forward(&images(2, 32), pass)?)));
    assert_eq!(found[found.len() - 2..], ["auxiliary head", "head"]);
}

#[test]
fn a_watch_can_stop_the_pass() {
    let net = derived(&plan(&Genotype::published("DARTS_V2").unwrap(), 3, build(4, 8)), 1);
    let mut watch = |place: &dyn std::fmt::Display, _: &Tensor| {
        Err(OpError::NotFinite { place: place.to_string() })
    };
    let mut noise = rng(0);
    let mut pass = Pass { watch: Some(&mut watch), ..Pass::new(Mode::train(), &mut noise) };
    let error = net.forward(&images(2, 8), &mut pass).unwrap_err();
    assert!(matches!(error, OpError::NotFinite { place } if place == "stem part 0"));
}

/// The place of a variable, from its name.
fn place(name: &str, plan: &Blueprint) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    match parts[..] {
        ["stem", part, ..] => format!("stem part {part}"),
        ["cells", cell, "ports", port, ..] => format!("cell {cell}, port {port}"),
        ["cells", cell, "edges", row, op, ..] => {
            let edge =
                &plan.cells[cell.parse::<usize>().unwrap()].edges[row.parse::<usize>().unwrap()];
            format!("cell {cell}, edge {}->{}, {op}", edge.from, edge.to)
        }
        ["head", ..] => "head".to_owned(),
        _ => panic!("{name}"),
    }
}

#[test]
fn the_first_place_that_is_not_finite_is_where_the_parameter_is() {
    let plan = plan(&Genotype::published("DARTS_V2").unwrap(), 3, build(4, 8));
    let net = derived(&plan, 1);
    let x = images(2, 8);
    assert!(net.variables().parameters().len() > 50);
    for (name, var) in net.variables().parameters() {
        let good = var.copy().unwrap();
        let mut broken = values(&good);
        broken[0] = f64::NAN;
        var.set(&Tensor::from_vec(broken, var.shape(), var.device()).unwrap()).unwrap();
        let places = seen(Mode::probe(), |pass| Ok(net.forward(&x, pass)?));
        let first = places.iter().find(|(_, value)| !finite(value)).map(|(name, _)| name.as_str());
        assert_eq!(first, Some(&*place(name, &plan)), "{name}");
        var.set(&good).unwrap();
    }
    assert!(finite(&run(&net, &x, Mode::probe()).unwrap().main));
}

/// Refuses to run.
#[derive(Debug)]
struct Refusal;

impl Operation for Refusal {
    fn forward(&self, _: &Tensor, _: Mode) -> Result<Tensor, OpError> {
        Err(OpError::NoFactory { op: "inner".to_owned() })
    }
}

#[test]
fn an_operation_that_fails_is_named_with_its_place() {
    let factory = op_fn(
        "refusal",
        |_: &InputPlan, _: &mut Builder<'_>| Ok(Box::new(Refusal) as Box<dyn Operation>),
        |_: &InputPlan| OpCost::default(),
    );
    let registry = Registry::standard().unwrap().with_factory(factory).unwrap();
    let ops = registry.op_set("set", &["skip_connect", "refusal"]).unwrap();
    let space = small_space(ops, 1);
    let plan = Blueprint::supernet(&space, build(4, 8)).unwrap();
    let place = Place::from(DType::F64);
    let net = Supernet::new(&plan, &registry, &place, &mut rng(1)).unwrap();
    let mut noise = rng(0);
    let mut pass = Pass::new(Mode::train(), &mut noise);
    let error = net.forward(&images(2, 8), &weights(&space), &mut pass).unwrap_err();
    let NetError::At { place, source } = error else { panic!("{error}") };
    assert_eq!(place, "cell 0, edge 0->2, refusal");
    assert!(matches!(*source, OpError::NoFactory { op } if op == "inner"));
}

/// An operation in code on all edges of a small supernet, next to a skip connection.
fn search_with(
    forward: impl Fn(&Tensor, usize) -> candle_core::Result<Tensor> + Copy + Send + Sync + 'static,
    parameters: u64,
) -> Result<Output, NetError> {
    struct Code<F> {
        forward: F,
        stride: usize,
    }
    impl<F> std::fmt::Debug for Code<F> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Code")
        }
    }
    impl<F> Operation for Code<F>
    where
        F: Fn(&Tensor, usize) -> candle_core::Result<Tensor> + Send + Sync,
    {
        fn forward(&self, x: &Tensor, _: Mode) -> Result<Tensor, OpError> {
            Ok((self.forward)(x, self.stride)?)
        }
    }
    let factory = op_fn(
        "mine",
        move |at: &InputPlan, vars: &mut Builder<'_>| {
            if parameters > 0 {
                vars.parameter("weight", &[1], dartloom_ops::Init::Constant(1.0))?;
            }
            Ok(Box::new(Code { forward, stride: at.stride }) as Box<dyn Operation>)
        },
        move |_: &InputPlan| OpCost { parameters, macs: 0 },
    );
    let registry = Registry::standard()?.with_factory(factory)?;
    let space = small_space(registry.op_set("set", &["skip_connect", "mine"])?, 1);
    let plan = Blueprint::supernet(&space, build(4, 8))?;
    let place = Place::from(DType::F64);
    let net = Supernet::new(&plan, &registry, &place, &mut rng(1))?;
    let mut noise = rng(0);
    net.forward(&images(2, 8), &weights(&space), &mut Pass::new(Mode::train(), &mut noise))
}

/// Halves the plane where the edge does.
fn strided(x: &Tensor, stride: usize) -> candle_core::Result<Tensor> {
    if stride > 1 { x.avg_pool2d(stride) } else { Ok(x.clone()) }
}

#[test]
fn an_output_of_another_shape_or_type_is_refused_with_its_place() {
    search_with(strided, 0).unwrap();
    // The commonest mistake: the stride of edges that halve the plane is forgotten.
    let error = search_with(|x, _| x * 2.0, 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cell 1, edge 0->2, mine: expected an output of shape [2, 8, 4, 4] and type F64 on an edge \
         of stride 2, found [2, 8, 8, 8] and F64"
    );
    let error = search_with(|x, stride| strided(x, stride)?.to_dtype(DType::F32), 0).unwrap_err();
    assert!(
        error.to_string().starts_with("cell 0, edge 0->2, mine: expected an output"),
        "{error}"
    );
}

#[test]
fn an_output_that_cuts_the_gradient_is_refused_with_its_place() {
    let told = |error: NetError| error.to_string();
    let error = told(search_with(|x, stride| Ok(strided(x, stride)?.detach()), 0).unwrap_err());
    assert!(error.starts_with("cell 0, edge 0->2, mine: no gradient flows"), "{error}");
    assert!(error.contains("to its input"), "{error}");
    let error = told(search_with(|x, stride| Ok(strided(x, stride)?.detach()), 1).unwrap_err());
    assert!(error.contains("to its parameters"), "{error}");
    // Zeros have no gradient and need none.
    search_with(|x, stride| strided(x, stride)?.zeros_like(), 0).unwrap();
}
