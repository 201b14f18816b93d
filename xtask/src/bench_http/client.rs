//! A client that keeps several requests under way.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// Connections that are kept; each has one request under way at a time.
pub(super) struct Client {
    connections: Vec<TcpStream>,
    buffer: Vec<u8>,
}

impl Client {
    pub(super) fn connect(address: SocketAddr, connections: usize) -> io::Result<Self> {
        let connect = |_| {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let connections = (0..connections).map(connect).collect::<io::Result<_>>()?;
        Ok(Self { connections, buffer: vec![0; 256 << 10] })
    }

    /// Sends the requests, as many at a time as there are connections. Every answer has to be a success.
    pub(super) fn ask(&mut self, requests: &[String]) -> io::Result<()> {
        for batch in requests.chunks(self.connections.len()) {
            for (connection, request) in self.connections.iter_mut().zip(batch) {
                connection.write_all(request.as_bytes())?;
            }
            for connection in &mut self.connections[..batch.len()] {
                let answer = read(connection, &mut self.buffer)?;
                if !answer.starts_with(b"HTTP/1.1 200") {
                    return Err(io::Error::other(String::from_utf8_lossy(answer)));
                }
            }
        }
        Ok(())
    }

    /// The answer to one request, whatever it is.
    pub(super) fn one(&mut self, request: &str) -> io::Result<Vec<u8>> {
        self.connections[0].write_all(request.as_bytes())?;
        read(&mut self.connections[0], &mut self.buffer).map(<[u8]>::to_vec)
    }
}

/// Reads one answer with a known length.
fn read<'a>(connection: &mut TcpStream, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let mut filled = 0;
    loop {
        let read = connection.read(&mut buffer[filled..])?;
        filled += read;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if length(&buffer[..filled]) == Some(filled) {
            return Ok(&buffer[..filled]);
        }
    }
}

/// The length of the answer that begins here; `None` while its head is not whole.
fn length(answer: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length: ";
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = &answer[..end];
    let at = head.windows(NAME.len()).position(|bytes| bytes == NAME)?;
    let digits = head[at + NAME.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(end + 4 + digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0')))
}
