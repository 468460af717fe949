//! Whether a file is mounted by itself, as a container may have one of its host's.
//!
//! Renaming over such a file fails, which is detected here beforehand.

use std::path::Path;

/// Whether something is mounted at this path, which has no symbolic links.
#[cfg(target_os = "linux")]
pub(super) fn is_mount_point(path: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let mounts = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mounts = mounts.split(|&byte| byte == b'\n');
    // The fifth field is the path.
    let mut paths = mounts.filter_map(|mount| mount.split(|&byte| byte == b' ').nth(4));
    paths.any(|mounted| unescaped(mounted) == path.as_os_str().as_bytes())
}

/// Only Linux mounts single files.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_mount_point(_: &Path) -> bool {
    false
}

/// A path of the list of mounts, where white space and backslashes are octal: `\040`.
#[cfg(target_os = "linux")]
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let octal = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(escaped) if byte == b'\\' => {
                bytes.push(escaped);
                rest = &after[3..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    #[test]
    fn escaped_paths_of_mounts_are_read() {
        use super::unescaped;
        assert_eq!(unescaped(br"/a\040b\134c\011"), b"/a b\\c\t");
        for plain in [&br"/home/kian"[..], br"\", br"a\04", br"\08x", "Zoë".as_bytes()] {
            assert_eq!(unescaped(plain), plain);
        }
    }
}
