//! Which addresses a base map's host may have. What a name resolves to is another's to say, so each address is judged before it is connected to, and
//! the connection is made to that address and no other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere on the internet.
    Public,
    /// This machine or a network of one's own: only for who says so.
    Private,
    /// Nobody's map server: link-local – where clouds keep their keys –, multicast, reserved, for examples.
    Never,
}

/// The special blocks of IPv4 (IANA's registry), as first address, length of the prefix, and where they lead.
const V4: [([u8; 4], u32, Reach); 18] = [
    ([0, 0, 0, 0], 8, Reach::Never),        // this network
    ([10, 0, 0, 0], 8, Reach::Private),     // RFC 1918
    ([100, 64, 0, 0], 10, Reach::Private),  // carrier-grade NAT
    ([127, 0, 0, 0], 8, Reach::Private),    // loopback
    ([169, 254, 0, 0], 16, Reach::Never),   // link-local, metadata of clouds
    ([172, 16, 0, 0], 12, Reach::Private),  // RFC 1918
    ([192, 0, 0, 0], 24, Reach::Never),     // protocol assignments
    ([192, 0, 2, 0], 24, Reach::Never),     // examples
    ([192, 31, 196, 0], 24, Reach::Never),  // AS112
    ([192, 52, 193, 0], 24, Reach::Never),  // AMT
    ([192, 88, 99, 0], 24, Reach::Never),   // 6to4 relays
    ([192, 168, 0, 0], 16, Reach::Private), // RFC 1918
    ([192, 175, 48, 0], 24, Reach::Never),  // AS112
    ([198, 18, 0, 0], 15, Reach::Never),    // benchmarks
    ([198, 51, 100, 0], 24, Reach::Never),  // examples
    ([203, 0, 113, 0], 24, Reach::Never),   // examples
    ([224, 0, 0, 0], 4, Reach::Never),      // multicast
    ([240, 0, 0, 0], 4, Reach::Never),      // reserved, broadcast
];

/// What of 2000::/3, the public part of IPv6, is not: protocol assignments with Teredo, examples, 6to4.
const V6: [([u16; 2], u32); 4] = [([0x2001, 0], 23), ([0x2001, 0x0db8], 32), ([0x2002, 0], 16), ([0x3fff, 0], 20)];

/// Where an address leads.
#[must_use]
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let within = |(first, length, _): &&([u8; 4], u32, Reach)| {
        (address.to_bits() ^ u32::from_be_bytes(*first)).leading_zeros() >= *length
    };
    V4.iter().find(within).map_or(Reach::Public, |(_, _, reach)| *reach)
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let low = Ipv4Addr::from_bits(u32::from(g) << 16 | u32::from(h));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0) if (g, h) == (0, 1) => Reach::Private, // ::1
        // The same address of IPv4 in another spelling.
        (0, 0, 0, 0, 0, 0xffff) => reach_v4(low),
        // Through a translator, which may sit in a network of one's own.
        (0x64, 0xff9b, 0, 0, 0, 0) => match reach_v4(low) {
            Reach::Never => Reach::Never,
            Reach::Public | Reach::Private => Reach::Private,
        },
        _ if a & 0xfe00 == 0xfc00 => Reach::Private, // fc00::/7, unique local
        _ if a & 0xe000 == 0x2000 && !V6.iter().any(|block| within_v6((a, b), *block)) => Reach::Public,
        _ => Reach::Never,
    }
}

fn within_v6((a, b): (u16, u16), (first, length): ([u16; 2], u32)) -> bool {
    let bits = |a: u16, b: u16| u32::from(a) << 16 | u32::from(b);
    (bits(a, b) ^ bits(first[0], first[1])).leading_zeros() >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(wanted: Reach, addresses: &str) {
        for address in addresses.split_whitespace() {
            assert_eq!(reach(address.parse().expect(address)), wanted, "{address}");
        }
    }

    #[test]
    fn every_special_block_is_known_to_its_edges() {
        let public = "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0
            172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 59.110.190.1
            2001:200::1 2400:3200::1 2606:4700:4700::1111 240e::1 3ffe:ffff::1 ::ffff:1.1.1.1 ::ffff:101:101";
        all(Reach::Public, public);
        let private =
            "10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.255 172.16.0.0 172.31.255.255
            192.168.0.0 192.168.255.255 ::1 fc00:: fdff:ffff::1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.1.2.3
            ::ffff:192.168.1.1 64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::1.1.1.1";
        all(Reach::Private, private);
        let never = "0.0.0.0 0.255.255.255 169.254.0.1 169.254.169.254 192.0.0.170 192.0.2.1 192.88.99.1 198.18.0.0 198.19.255.255
            198.51.100.1 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::2 ::127.0.0.1
            ::ffff:169.254.169.254 ::ffff:0.0.0.0 ::ffff:0:127.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1 100::1 fe80::1 fec0::1
            ff02::1 2001::1 2001:10::1 2001:1ff::1 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1 4000::1";
        all(Reach::Never, never);
    }
}
