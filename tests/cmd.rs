//! What people see: commands with their output, in `tests/cmd`.

#[test]
fn commands_print_what_their_files_say() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
