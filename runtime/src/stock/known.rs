//! The fingerprints of CPython's functions: those of the releases 3.9.18, 3.10.13, 3.11.2, 3.11.7, 3.12.1, 3.13.0, 3.13.5,
//! 3.14.10 and 3.15.2, with and without `-OO`. Below 3.12 nothing but records is made by pylog.
//!
//! `cargo xtask fingerprints` prints what the Pythons found have, and what is missing here.

/// Whether the function at a [`place`] with that fingerprint is one of a known version of CPython.
pub(super) fn contains(place: u8, fingerprint: u64) -> bool {
    KNOWN[usize::from(place)].1.contains(&fingerprint)
}

/// The qualified name of the function at a [`place`].
pub(super) fn name(place: u8) -> &'static str {
    KNOWN[usize::from(place)].0
}

/// Where the fingerprints of a function are.
///
/// # Panics
/// If there are none, while this crate is compiled.
pub(super) const fn place(name: &str) -> u8 {
    let mut place = 0;
    while !are_equal(KNOWN[place].0.as_bytes(), name.as_bytes()) {
        place += 1;
    }
    place as u8
}

const fn are_equal(one: &[u8], other: &[u8]) -> bool {
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}

#[rustfmt::skip]
static KNOWN: &[(&str, &[u64])] = &[
    ("LogRecord.__init__", &[0x8546a58e371d3a79, 0x11b438ce1eead53c, 0x3d9a532a27915087, 0xcb8c34221b98b8b1,
        0xf75c231781919d43, 0xa515cf0603a835d6, 0x8343105bdabeca10, 0x7d40777e202b37e6, 0xbef6f4f03ec002ab,
        0x33b6cb559631ae8d, 0x01b1c22098fda4ec, 0x48d8d2224e1701d2, 0xa9e7f9d1615058fa, 0xcd69fd21dcb7890c]),
    ("getLevelName", &[0x90f6dc6559d8565d, 0x1062f4d2c7fb4ee6, 0xcf487f421dfb612e, 0x243a553556476582,
        0x3443392cb3d0a6e1, 0xc207b20807916ee5, 0x27c24cd9d2e0390a, 0xc001f26bd7c29545, 0x1435cc83bbc1679a,
        0x2941757eea7b0000, 0x1cfaf3d6685b9ae4, 0x33f6f7183c1fedab, 0x6ffc480c492f4e7a, 0xc98c47994cd67249]),
    ("current_thread", &[0x1a2d2f455a1aa3c9, 0xd0bc43f0d06a7944, 0xbd0278aedfcc73ae, 0x5195bc1f841a1880,
        0x04c1aca396f0022a, 0x2b1e27a00b610fe9, 0x6aecef8be41478f8, 0x50c05c802a4916df, 0x7235894710d948e5,
        0xcf40742750d46b99, 0x6c1d120912df8db0, 0x2e3fd2669a07a35b, 0xcb367041a14fceb8, 0xfae8a04d3b3cd8c3]),
    ("Thread.name", &[0xc37c86cdc8a553dc, 0xaa3ef1da4bf09463, 0x98a20adca63c7ebd, 0x9f37ae87b9d543d6,
        0x26e866362216267d, 0x5f6a8d81e302e502, 0xa8b5a29e2e95fffb, 0x62abe4b63e70c404, 0x52ded2a15743193c,
        0x0e19058515733e33, 0x73485e523ceb7154, 0x56a932b87508df12, 0x7828ac01ec0a1b5a, 0x06dc3d6679043fca]),
    ("Logger._log", &[0xb5a85c050859b120, 0x100b5417f208387e, 0x720465a6d63f8a4e, 0x93e1aab5db9687fa,
        0x83062a7dc8eb48de, 0x47d4dd602b535509, 0xefb042d8f6bad270, 0x8d9e4124a92d0bcf, 0x4efd334bb2cf9785,
        0x2086c1ea410d9881, 0x523d2f95c5b8c40f, 0x35f3961d7b9d270b, 0x5de66777db306296, 0x9a6c1cc2ff510cea]),
    ("Logger.makeRecord", &[0xa3915cf4e742f904, 0xba8885228a2d0a1b, 0x9ae97bc06b15da9d, 0x465202ee78995909,
        0x524835ae05444109, 0x23a031ef37e8c562, 0xa6bfc3895f0ac80e, 0xb1863322f6d59b1f, 0x31ac52e3899e5179,
        0xe910d4bf4e2615eb, 0xc190179f10fe7bf5, 0xef8c2b199051dfff, 0xf56f2b4f6be4ea05, 0xfb4f08eb8b93df4f]),
    ("Logger.handle", &[0x2d9c7c037f181e6b, 0x02097e2a9399c282, 0xe212d218a0b959a1, 0xda9f4e28348af27f,
        0x7ee977042369d088, 0xf5057a87b1d7a518, 0xda63ae9c9aee2ed8, 0xbf15d357b5a8a3d4, 0xd31d7962bc7d626e,
        0x4497fe100075c14d, 0xcb4fac4b144e9431, 0xfd8d4007c968d69e, 0xff72247b6f4156aa, 0x500458fb9abd43cd,
        0x4da6bab649984e52, 0x36a2f0d797b2be94]),
    ("Filterer.filter", &[0x1d7c4a3f18f284ae, 0x1a2ecbef523561c8, 0x30bd428c2a2ca306, 0x31f1ef1cd06395ec,
        0x9dd5a14076269e0b, 0x2fdff480c1834386, 0x6b8bafaf7c5207da, 0xc371875fe2ab16df, 0x509e1ad84d5b77ca,
        0xf62ba69dff8a66e8, 0xb9033a2e1ad5f63d, 0xcf5163160a720de9, 0x4b9b4cead25bfb26, 0x563dc382ebb64993]),
    ("Logger.callHandlers", &[0xf2de47231fb1f7cd, 0x533816bc8eab8bc1, 0x50bfc305344b44a6, 0x89014ebbc6fb85b6,
        0x8694bc854acf3da1, 0xfea7103cbe70e217, 0xb7edb82a7556d8aa, 0xd28bbf6bf94bab8a, 0xd3280defcfa6d373,
        0xde06163348d83494, 0xadc70dc44ec1e7e6, 0xaafc7e3c14e5ea89, 0x1f8cfa3337cc5d6f, 0xe41698e3f9e78b68]),
    ("Handler.handle", &[0xaf02b282fbc3f390, 0xeab247016399dc35, 0xc31e9c9f99d2e274, 0xdb5febb41121c1a3,
        0xe17b3858f67f149d, 0xb2ad2ac5d269bec8, 0xc32ff6529cf8a314, 0x5a0a866ec8409aca]),
    ("Handler.acquire", &[0x67a8edf893979b66, 0x513e7e94a87d7edb, 0x8beee826a4ab194a, 0xdb3d455edf230f4e,
        0xba142bdd038ef757, 0x9c9afe1b9a23163d, 0x424889281f3ad6ab, 0x0d876c684a7215db]),
    ("Handler.release", &[0xbe83e7e8795d24cd, 0xd9fc1b86ee036aa6, 0x15482ac50bdeea91, 0x98fa01f2676a812f,
        0x8220257083eb7178, 0xc20fc0a92d715364, 0xdee62850736811f4, 0x5fa35474b278576a]),
    ("Handler.format", &[0x9e189f7f67e033c4, 0xd109d4c32b0e0a9d, 0x58793d1c5c33e624, 0x20dfcaa2c4e1a65e,
        0x16d4e676aacbf521, 0x37ec8acb1c4f233d, 0x6c987c1ae8ec4fd1, 0x4beea864af88352d]),
    ("NullHandler.handle", &[0x138df407c0a5c167, 0x14bdb57f97275638, 0x51f60d72953ac9c3, 0xe47ba5da934d6c54,
        0x68c7610f90c917c4, 0x040cc8712a357719, 0x70dce8709ecc5a96, 0x4df53d1f4f0c50e0]),
    ("StreamHandler.emit", &[0x85871136feaff611, 0x1c12daabd7ca24f4, 0x5498af7619a6fc2b, 0x4936b3b9e28e08d5,
        0xa80ab32d7230d127, 0xfce697d8750f64c1, 0x1b5225a1ff226466, 0xc3dfd9cf78ac4ab0]),
    ("StreamHandler.flush", &[0xa8db60cc9e2ead56, 0x14e3011f26dded77, 0x0e4954f4c1f1a496, 0x546e3c1314ccb60a,
        0x1488e24615a34457, 0xd52e559e535b49bd, 0xd627b4a7883d80ae, 0xee1866ede822894d]),
    ("FileHandler.emit", &[0x3350382f782e9a65, 0xa52629f7d27c2885, 0x5e97c107b341ddb4, 0x2b9db6b8dd9ea71b,
        0x9868d918d936b5da, 0x3e0c24d8ae5bbc08, 0x208443567017bf82, 0xea63dcbda99a7f44]),
    ("Filter.filter", &[0xd88b3937fb139d8f, 0x90386b21c3a86e2c, 0x9ad2c5cf4cf5b65f, 0xba07d017dda2853b,
        0x1402a64d5a5e2735, 0x365b5f628921678a, 0xbb39d06ef71ba7d9, 0xb3ea17a86e2f6054]),
    ("BaseRotatingHandler.emit", &[0x1f1c14742d8178fd, 0x7a6f0ae91a0c202a, 0x12a1d33ef362de23, 0x6fdbe2cc5f036e95,
        0xbe5ef78497c37d77, 0x23ffbdf358298715, 0xfd1eca5c020a98f6, 0xb6a4e544054d9800]),
    ("RotatingFileHandler.shouldRollover", &[0x7d21724d1d04c856, 0xa7fb24e8276afb21, 0xbb0e3c9847d06321,
        0x9ee2b5abdb856883, 0x57bf0e3a64500a3d, 0x886425a07f7a1a21, 0xc1ceb9aa8698fcad, 0x34ad58f6d2ed290d]),
    ("TimedRotatingFileHandler.shouldRollover", &[0x10126e1634a08cd0, 0x9f51b879a09499cf, 0x4030629b01efef19,
        0x86d5018828cdd5bd, 0x8caad0f8af92d34f, 0xf3b4a839253c2be6, 0xbcfb1d9b44dd8278, 0xb946e5c6f6cc69f8]),
    ("QueueHandler.emit", &[0x1d6a93ada47ad347, 0x1211003a5097111c, 0x2cc47b6ce636a88e, 0x3e2e276197f0c55a,
        0x90985bd95c9c7973, 0xc580ddbf8a17c0d1, 0x30930879d393212f, 0x63e57309e5f06647]),
    ("QueueHandler.prepare", &[0xa814f2e2b0974f3a, 0xb518bcd921d1a4e9, 0xe51e6ab55cd3d1e5, 0x274310f42b82c203,
        0xde26e1c8c59d40f5, 0xe2847869e5668be7, 0x470d26ecfa33ce20, 0xa5f18c334f9a60fe]),
    ("QueueHandler.enqueue", &[0x4ff4bdc7e01480aa, 0x87a9a5d4128a5e82, 0x3dace866cd2bee77, 0x7cd8e8317446acd2,
        0x660accb263a30e60, 0x1551566019441083, 0xfff5892b25ac658e, 0xcb0def228a971588]),
    ("copy", &[0xf54f77e50dd57207, 0x0ebfccfd7d90e1e6, 0x92a49cae55e8e5f2, 0xff0e617b687511c0, 0x4fec99a31f7d5ac8,
        0xf5bad5d67d5363db, 0xee0b333f0e448929, 0x48e818da9b55e5dc]),
    ("LogRecord.getMessage", &[0x5bb4d94c6d5dbc3d, 0xe887d28a01995c26, 0xcb86e888038f6d3e, 0xd2f353b91a0c35d8,
        0x575c919c21debc6c, 0x2c8a88179988e9d2, 0x868cac59f6ea0697, 0x77fa36fc0b245d3f]),
    ("Formatter.format", &[0xb1538dbcac548e05, 0x62bcd87d2b468ac0, 0x51980023d30aa49d, 0xaa5ba55bd6384d13,
        0x7cc703446750e19c, 0xdb7ee45e026cc1a0, 0x30e3a689a17b343e, 0xad7ea791e2720aea]),
    ("Formatter.usesTime", &[0x3cd8c988884d54d8, 0x572f04187b30619d, 0x80abfad07ce1d5ea, 0x54b391d7cc86f41c,
        0x6b2510543866a6b8, 0xd100deed16fd8bc6, 0xa58027d3fabc7b0f, 0x173e3e73235c61e7]),
    ("Formatter.formatTime", &[0x2a746b95d0ad2c28, 0xc04b775aa4bfa912, 0x5f9da68acf179b42, 0x04661774688c9ba4,
        0xa9c07fce04f6acc1, 0x62a488d788d92b65, 0xeb2eac9fbdafc536, 0x3a1dbfa1da84ad3c]),
    ("Formatter.formatMessage", &[0x3013e5a98ff86c99, 0x2da2dbe2784cd1a0, 0xa4e28c5eeddca443, 0xbf43f1fe04a9c0e9]),
    ("PercentStyle.usesTime", &[0x4d62b6f47b718b9f, 0xa2555dbf9358ce3c, 0xc82d600dd519ba93, 0xba23db0d298b1e3b]),
    ("PercentStyle.format", &[0xf263d41381e79d5c, 0xcdbbe0090a0b4d5a, 0xbded8323bcf5a9d9, 0x5a41ef4519b263df]),
    ("PercentStyle._format", &[0x843d3f0c116e9e28, 0x9e7e27b943e702fe, 0x808d32755a7b28d2, 0x883f58fb2327f9dc]),
    ("StrFormatStyle._format", &[0x36feb4d0d83ede4c, 0x9c849cd791f48b4b, 0xe71aa145240e28e2, 0x04d40d42eade07d6]),
    ("StringTemplateStyle.usesTime", &[0x39fdf8c9b1bb1261, 0xf6194c3aa9bed13d, 0x35db0435ceb682e8, 0x6b480c94fe182401]),
    ("StringTemplateStyle._format", &[0x419207c3534f01b8, 0x54507bb01dda7177, 0x463d4dc8154b6646, 0xdf3359c9fd46954a]),
];
