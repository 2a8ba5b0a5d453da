//! The registry as what sweeps and replays need: something that makes runs.

use std::path::Path;

use seedbed_protocols::Bug;
use seedbed_scenarios::failure::Build;
use seedbed_scenarios::format::{Catalog, Errors, Loaded, Path as ScenarioPath, load, load_text};
use seedbed_scenarios::run::{RunOptions, RunOutput};
use seedbed_scenarios::study::{LoadedStudy, load_study};
use seedbed_scenarios::sweep::{AtPoints, Point, Runs, Unit, plan_units};
use serde_json::Value;

use crate::Registry;
use crate::halt::Halt;
use crate::panics::quietly;

/// The protocols of this binary, and which binary it is.
#[derive(Debug)]
pub struct Laboratory {
    registry: Registry,
    /// What scenarios can name.
    pub catalog: Catalog,
}

impl Laboratory {
    /// A laboratory with these protocols.
    pub fn new(registry: Registry) -> Laboratory {
        let catalog = registry.catalog();
        Laboratory { registry, catalog }
    }

    /// Which program this is.
    pub fn build(&self) -> Result<Build, Halt> {
        Build::current(env!("CARGO_PKG_VERSION"), env!("SEEDBED_COMMIT"))
            .map_err(|error| Halt::Internal(format!("cannot read the own executable: {error}")))
    }

    /// Reads a scenario file with settings `path=value`.
    pub fn load(&self, path: &Path, settings: &[String]) -> Result<Loaded, Errors> {
        let loaded = load(path, settings, &self.catalog)?;
        self.accept(&loaded)?;
        Ok(loaded)
    }

    /// Reads a study file.
    pub fn load_study(&self, path: &Path) -> Result<LoadedStudy, Errors> {
        load_study(path, &self.catalog)
    }

    /// Asks the protocols themselves, which know more than the catalog.
    fn accept(&self, loaded: &Loaded) -> Result<(), Errors> {
        match self.registry.plans(&loaded.scenario) {
            Ok(_) => Ok(()),
            Err(error) => {
                let place = ScenarioPath::parse(&error.path).unwrap_or_default();
                Err(loaded.document.error(&place, error.message, None).into())
            }
        }
    }

    /// Where a protocol's planted bugs were found, and what they break.
    pub fn bugs(&self, protocol: &str) -> &'static [Bug] {
        self.registry.bugs(protocol)
    }

    /// The one unit of a scenario that is at hand as JSON, such as a failure file's.
    pub fn unit_of_json(
        &self,
        name: &Path,
        json: &Value,
        protocol: &str,
        point: Point,
    ) -> Result<Unit, Halt> {
        let text = format!("{json:#}");
        let loaded = load_text(name, &text, &[], &self.catalog)
            .map_err(|errors| Halt::Scenarios(vec![errors]))?;
        self.accept(&loaded).map_err(|errors| Halt::Scenarios(vec![errors]))?;
        let units = units_of(loaded, point)?;
        let found = units.into_iter().find(|unit| unit.protocol == protocol);
        found.ok_or_else(|| {
            let name = name.display();
            Halt::BadFile(format!("{name}: the scenario does not run as protocol `{protocol}`"))
        })
    }
}

/// The units of a loaded scenario, one a protocol.
pub fn units_of(loaded: Loaded, point: Point) -> Result<Vec<Unit>, Halt> {
    let json = loaded.document.value().clone();
    let points: AtPoints = vec![(point, loaded.scenario, json)];
    plan_units(vec![points]).map_err(|error| Halt::BadFile(error.to_string()))
}

impl Runs for Laboratory {
    fn run(&self, unit: &Unit, seed: u64, options: &RunOptions) -> RunOutput {
        let output = quietly(|| self.registry.run(&unit.scenario, &unit.protocol, seed, options));
        output.expect("a scenario was accepted only if its protocols are there")
    }
}
