fn main() {
    let (err, error) = (std::fmt::Error, std::fmt::Error);
    pylog::error!(exc_info: err, "a message");
    pylog::error!(exc_info: error, "a message");
    pylog::error!(target: "net", stack_info: true, "a message");
    pylog::error!(cause: err, "a message");
    pylog::error!(cause: error, "a message");
}
