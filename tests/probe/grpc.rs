//! As much of gRPC as says that a server is well: its health service, and nothing else.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use tokio::net::{TcpListener, TcpStream};

use crate::{Result, say_ready};

/// The one call that is known here.
const CHECK: &str = "/grpc.health.v1.Health/Check";
/// A message of two bytes: the field `status`, which is SERVING.
const SERVING: &[u8] = &[0, 0, 0, 0, 2, 8, 1];
/// The same, NOT_SERVING.
const NOT_SERVING: &[u8] = &[0, 0, 0, 0, 2, 8, 2];

/// Answers whoever asks that we serve, or that we do not.
pub(crate) fn answer(listen: SocketAddr, serving: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        say_ready()?;
        loop {
            let (client, _) = listener.accept().await?;
            // A client that goes away is its own affair.
            tokio::spawn(async move { converse(client, serving).await.ok() });
        }
    })
}

async fn converse(client: TcpStream, serving: bool) -> std::result::Result<(), h2::Error> {
    let mut connection = h2::server::handshake(client).await?;
    while let Some(call) = connection.accept().await {
        let (request, mut respond) = call?;
        let is_known = request.uri().path() == CHECK;
        let mut head = Response::new(());
        head.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        let mut stream = respond.send_response(head, false)?;
        if is_known {
            stream.send_data(Bytes::from_static(if serving { SERVING } else { NOT_SERVING }), false)?;
        }
        // gRPC's codes of what went well, and of what nobody has implemented.
        let code = HeaderValue::from_static(if is_known { "0" } else { "12" });
        stream.send_trailers(HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), code)]))?;
    }
    Ok(())
}
