import { systemdUnit } from "../core/systemd";
import { API_PORT } from "../network/ports";
import type { RenderedFile } from "../renderedFile";
import { putFile } from "./prelude";
import { apiProxyUnit, configFolder, nodeScript } from "./paths";
import type { ApiProxySpec } from "./spec";

export const apiProxyFile = `${configFolder}/api-proxy.conf`;
/** Written on the host: where nginx's stream module is depends on its packaging. */
export const apiProxyModules = `${configFolder}/api-proxy-modules.conf`;
const runtimeFolder = "pulumi-kubeadm-api-proxy";
const pidFile = `/run/${runtimeFolder}/nginx.pid`;

/**
 * nginx in stream mode over all control-plane nodes. A control-plane node that is gone costs one connection a second
 * every five: it is tried for 1 s, then left out for 5 s, by all workers (`zone`). A control-plane node whose API is
 * not up refuses at once, and the next is taken. Watches are quiet for long, so a session may be idle for as long as a
 * kubelet lets one be (4 h, streamingConnectionIdleTimeout), and TCP keepalive ends those whose other side vanished.
 */
export function apiProxyConfig(proxy: ApiProxySpec): string {
  const servers = proxy.servers.map(
    ({ address, name }) => `    server ${address}:${API_PORT} max_fails=1 fail_timeout=5s; # ${name}\n`,
  );
  return `include ${apiProxyModules};
pid ${pidFile};
error_log stderr notice;
worker_processes ${proxy.dedicated ? "auto" : "1"};
events {
  worker_connections 16384;
}
stream {
  upstream api {
    zone api 64k;
    least_conn;
${servers.join("")}  }
  server {
    listen ${proxy.address}:${proxy.port} so_keepalive=1m:15s:4;
    proxy_pass api;
    proxy_connect_timeout 1s;
    proxy_timeout 4h;
    proxy_socket_keepalive on;
  }
}
`;
}

/** The configuration is checked before a start and before a reload, so that a wrong one does not take the running one down. */
const unitFile = systemdUnit(apiProxyUnit, {
  Unit: {
    Description: "Balancer of the Kubernetes API",
    Documentation: "https://nginx.org/en/docs/stream/ngx_stream_core_module.html",
    Wants: "network-online.target",
    After: "network-online.target",
    Before: "kubelet.service",
  },
  Service: {
    Type: "forking",
    RuntimeDirectory: runtimeFolder,
    PIDFile: pidFile,
    ExecStartPre: `/usr/sbin/nginx -q -t -c ${apiProxyFile}`,
    ExecStart: `/usr/sbin/nginx -c ${apiProxyFile}`,
    ExecReload: [`/usr/sbin/nginx -q -t -c ${apiProxyFile}`, "/bin/kill -s HUP $MAINPID"],
    Restart: "always",
    RestartSec: "1",
    LimitNOFILE: "65536",
    PrivateTmp: "true",
    // The policy's domain for nginx may neither listen on this port nor reach the control-plane nodes'.
    SELinuxContext: "-system_u:system_r:unconfined_service_t:s0",
  },
  Install: { WantedBy: "multi-user.target" },
});

export function apiProxyFiles(proxy: ApiProxySpec): RenderedFile[] {
  return [{ path: apiProxyFile, mode: "0644", content: apiProxyConfig(proxy) }, unitFile];
}

/** A changed configuration is reloaded, which keeps the connections there are; a changed unit restarts. */
export function apiProxyPhase(files: readonly RenderedFile[]): string {
  const [config, unit] = files;
  return [
    nodeScript("api-proxy-modules", { modules_file: apiProxyModules }),
    putFile(config, "api-proxy-config"),
    putFile(unit, apiProxyUnit),
    nodeScript("api-proxy", { runtime_folder: runtimeFolder, config_file: apiProxyFile }),
  ].join("");
}
