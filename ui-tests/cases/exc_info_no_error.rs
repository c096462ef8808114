fn main() {
    pylog::error!(exc_info = "text"; "a message");
    pylog::error!(exc_info = 1; "a message");
    pylog::error!(stack_info = 1; "a message");
}
