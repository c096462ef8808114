fn main() {
    pylog::info!(error:err = "text"; "a message");
    pylog::info!(error:err = Some(1); "a message");
}
