//! Tests of the events that each observer gets, their order, and the effect of failures.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use dartloom_record::{
    CsvEpochs, Event, Fanout, Flow, JsonLines, Observer, ObserverError, Silent, observer_fn,
};

use crate::events::{every_kind, metrics};

/// Takes `room` bytes, then fails.
#[derive(Debug)]
struct Full {
    room: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "disk full"));
        }
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn note() -> Event {
    Event::Note { text: "x".to_owned() }
}

fn epoch(epoch: usize, values: &[(&str, f64)]) -> Event {
    Event::EpochFinished { phase: "search, first".into(), epoch, metrics: metrics(values) }
}

#[test]
fn silence_continues() {
    for event in every_kind() {
        assert_eq!(Silent.on_event(&event).unwrap(), Flow::Continue);
    }
}

#[test]
fn a_failing_writer_gives_a_typed_error() {
    for room in [0, 5] {
        match JsonLines::new(Full { room }).on_event(&note()) {
            Err(ObserverError::Write { event: "note", source }) => {
                assert_eq!(source.kind(), io::ErrorKind::StorageFull);
            }
            other => panic!("{other:?}"),
        }
        let mut table = CsvEpochs::new(Full { room });
        assert_eq!(table.on_event(&note()).unwrap(), Flow::Continue, "nothing to write");
        match table.on_event(&epoch(0, &[("loss", 1.0)])) {
            Err(ObserverError::Table { event: "epoch_finished", .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn each_line_and_each_epoch_is_flushed() {
    #[derive(Clone, Default)]
    struct Counted(Rc<RefCell<(Vec<u8>, usize)>>);
    impl Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().0.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            let mut state = self.0.borrow_mut();
            state.1 = state.0.len();
            Ok(())
        }
    }
    let lines = Counted::default();
    let rows = Counted::default();
    let mut both = Fanout(vec![
        Box::new(JsonLines::new(lines.clone())),
        Box::new(CsvEpochs::new(rows.clone())),
    ]);
    for event in every_kind() {
        assert_eq!(both.on_event(&event).unwrap(), Flow::Continue);
        for output in [&lines, &rows] {
            let state = output.0.borrow();
            assert_eq!(state.1, state.0.len(), "flushed after {}", event.name());
        }
    }
    assert!(!rows.0.borrow().0.is_empty());
}

#[test]
fn all_are_told_and_one_stop_is_enough() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let observer = |name: &'static str, answer: fn() -> Result<Flow, ObserverError>| {
        let told = Rc::clone(&told);
        Box::new(observer_fn(move |event: &Event| {
            told.borrow_mut().push((name, event.name()));
            answer()
        })) as Box<dyn Observer>
    };
    let go = || Ok(Flow::Continue);
    let stop = || Ok(Flow::Stop);
    let fail = |text| ObserverError::Write { event: "note", source: io::Error::other(text) };

    let mut fanout = Fanout(vec![observer("a", go), observer("b", stop), observer("c", go)]);
    assert_eq!(fanout.on_event(&note()).unwrap(), Flow::Stop);
    assert_eq!(told.take(), [("a", "note"), ("b", "note"), ("c", "note")]);

    let mut fanout = Fanout(vec![observer("a", go), observer("b", go)]);
    assert_eq!(fanout.on_event(&note()).unwrap(), Flow::Continue);
    told.take();

    let first = Box::new(observer_fn(move |_| Err(fail("first"))));
    let second = Box::new(observer_fn(move |_| Err(fail("second"))));
    let mut fanout = Fanout(vec![observer("a", stop), first, second, observer("d", go)]);
    let error = fanout.on_event(&note()).unwrap_err();
    assert_eq!(error.to_string(), "cannot write the note event: first");
    assert_eq!(told.take(), [("a", "note"), ("d", "note")]);

    assert_eq!(Fanout::default().on_event(&note()).unwrap(), Flow::Continue);
}

#[test]
fn references_and_boxes_are_observers() {
    fn tell(mut observer: impl Observer) -> Flow {
        observer.on_event(&note()).unwrap()
    }
    let mut count = 0;
    let mut observer = observer_fn(|_| {
        count += 1;
        Ok(Flow::Stop)
    });
    assert_eq!(tell(&mut observer), Flow::Stop);
    let object: &mut dyn Observer = &mut observer;
    assert_eq!(tell(object), Flow::Stop);
    assert_eq!(tell(Box::new(Silent) as Box<dyn Observer>), Flow::Continue);
    assert_eq!(count, 2);
}

#[test]
fn the_table_is_long_and_quotes_where_needed() {
    let mut bytes = Vec::new();
    let mut table = CsvEpochs::new(&mut bytes);
    let events = [
        note(),
        epoch(0, &[("accuracy", 0.5), ("loss", f64::NAN)]),
        epoch(1, &[]),
        epoch(2, &[("loss", f64::NEG_INFINITY), ("rate", 1e-300)]),
    ];
    for event in &events {
        assert_eq!(table.on_event(event).unwrap(), Flow::Continue);
    }
    drop(table);
    let mut more = CsvEpochs::append(&mut bytes);
    assert_eq!(more.on_event(&epoch(3, &[("loss", 2.0)])).unwrap(), Flow::Continue);
    drop(more);
    let expected = "phase,epoch,metric,value\n\
        \"search, first\",0,accuracy,0.5\n\
        \"search, first\",0,loss,NaN\n\
        \"search, first\",2,loss,-inf\n\
        \"search, first\",2,rate,1e-300\n\
        \"search, first\",3,loss,2.0\n";
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}
