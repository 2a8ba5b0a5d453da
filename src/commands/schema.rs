//! `schema`: the JSON schema of scenario files, for editors.

use seedbed_scenarios::format::schema_text;

use crate::console::Console;
use crate::exit_codes::Exit;

pub fn execute(console: &Console) -> Exit {
    console.print(&schema_text());
    Exit::Fine
}
