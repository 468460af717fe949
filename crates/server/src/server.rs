//! A server from its first to its last connection.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use biometrics::policy::IdentificationPolicy;
use faces::FacePipeline;
use store::Store;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::audit::AuditLog;
use crate::decisions::Decisions;
use crate::guard::Guard;
use crate::service::FaceService;
use crate::state::State;
use crate::{Error, Options, connections, router};

/// Work that a request gave up on has so long to finish when the server ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// A server that listens; [`serve`](Self::serve) answers.
pub struct Server {
    address: SocketAddr,
    // Before the runtime, which it belongs to.
    listener: TcpListener,
    runtime: Runtime,
    state: State,
    connections: usize,
}

impl Server {
    /// Takes everybody of the store into memory and begins to listen.
    ///
    /// # Errors
    /// When other machines could reach it and there is no token; when the store cannot be
    /// read or searches by an index; when the audit log cannot be opened, or others can read it;
    /// when the system does not let it listen.
    pub fn bind(
        pipeline: FacePipeline,
        policy: IdentificationPolicy,
        store: Store,
        options: Options,
    ) -> Result<Self, Error> {
        options.check()?;
        let loopback = options.is_local();
        let Options { listen, hosts, token, door_token, read_only, challenge, audit_log, limits } =
            options;
        if store.has_index_search() {
            return Err(Error::IndexSearch);
        }
        let open = |path: PathBuf| {
            AuditLog::open(path.clone()).map_err(|source| Error::AuditLog { path, source })
        };
        let decisions = Decisions::new(audit_log.map(open).transpose()?);
        let service = FaceService::new(pipeline, policy, store, &limits)?;
        let guard = Guard { loopback, hosts, token, door_token, read_only };
        let state = State::new(service, guard, decisions, challenge, &limits);
        let runtime = Builder::new_multi_thread().enable_all().build().map_err(Error::Threads)?;
        let failed = |source| Error::Listen { listen, source };
        // A socket of the runtime's is made inside it.
        let entered = runtime.enter();
        let listener = connections::listen(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        drop(entered);
        Ok(Self { address, listener, runtime, state, connections: limits.connections })
    }

    /// The address that it listens on, with the port that was free if none was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until Ctrl-C or SIGTERM, then lets requests in hand finish.
    pub fn serve(self) {
        let Self { listener, runtime, state, connections, .. } = self;
        // The last to let go of a database's connection must not be a task of the runtime.
        let service = Arc::clone(&state.service);
        let router = router::router(state.clone());
        let ended = async {
            shutdown().await;
            state.decisions.close();
        };
        runtime.block_on(connections::serve(listener, router, connections, ended));
        drop(state);
        runtime.shutdown_timeout(FAREWELL);
        drop(service);
    }
}

/// Ends at the first Ctrl-C or SIGTERM.
async fn shutdown() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Then only the other way is left.
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                () = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    interrupt.await;
}
