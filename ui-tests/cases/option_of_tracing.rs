use pylog::Level;

fn main() {
    pylog::info!(name: "event", "message");
    pylog::info!(stacklevel: 2, "message");
    pylog::log!(level: Level::INFO, "message");
    pylog::enabled!(target: "x", level: Level::DEBUG);
}
