struct Opaque;

fn main() {
    pylog::trace!("{}", Opaque);
}
