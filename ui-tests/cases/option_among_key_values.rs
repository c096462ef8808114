fn main() {
    let n = 3;
    let name = "ada";
    pylog::info!(n; every_n: 5, "message");
    pylog::info!(user = name, every_n: 5; "message");
}
