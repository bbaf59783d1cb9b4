import { describe, expect, it } from "vitest";
import { peerProblems, type Answered } from "../../../model/probes/judge";

const machines = ["cp1", "w1", "w2", "w3", "w4"].map((name, index) => ({
  name,
  nodeAddress: `10.40.0.1${index}`,
}));

function answered(
  from: string,
  to: string,
  word: string,
  over: { by?: "server"; port?: number; size?: number } = {},
): Answered {
  const { by = "listener", port = 6443, size = 0 } = over;
  return {
    question: { from, to, protocol: "tcp", port, by, reason: "kubelets and kube-proxy call the API" },
    answer: { word, size },
    mtu: 1500,
  };
}

const texts = (...all: Answered[]): string[] => peerProblems(all, machines).map(({ text }) => text);

describe("what stands between machines", () => {
  it("is nothing where the answer is open, or nothing is known of the way", () => {
    expect(
      texts(
        answered("w1", "cp1", "open"),
        answered("w1", "cp1", "cut"),
        answered("w1", "cp1", "failed"),
        // The packet was there: the server is not.
        answered("w1", "cp1", "refused", { by: "server" }),
      ),
    ).toEqual([]);
  });

  it("names who cannot reach whom on which port, why it is needed and what to do, once for each port and answer", () => {
    const [dropped, refused, ...more] = texts(
      answered("w1", "cp1", "silent"),
      answered("w2", "cp1", "silent"),
      answered("w3", "cp1", "silent"),
      answered("w4", "cp1", "silent"),
      answered("cp1", "w1", "refused", { port: 10_250 }),
    );
    expect(dropped).toBe(
      "tcp 6443 does not pass from w1 (10.40.0.11) to cp1 (10.40.0.10), from w2 (10.40.0.12) to cp1 (10.40.0.10), " +
        "from w3 (10.40.0.13) to cp1 (10.40.0.10) and 1 more: nothing comes back: something between drops it. " +
        "It is needed: kubelets and kube-proxy call the API. " +
        "Let it through on the hosts and on the way (switches, routers, firewalls of the network or cloud); " +
        "npm run plan, table Flows, has all ports (PeerPorts)",
    );
    expect(refused).toMatch(
      /^tcp 10250 does not pass from cp1 .* to w1 .*: something refuses it before it is there/,
    );
    expect(more).toEqual([]);
  });

  it("names the way on which full packets get lost, and the size that arrives, once for all ports", () => {
    expect(
      texts(
        answered("w1", "cp1", "there", { size: 1400 }),
        answered("w1", "cp1", "there", { size: 1400, port: 8472 }),
        answered("cp1", "w1", "back", { size: 1400, port: 10_250 }),
      ),
    ).toEqual([
      "packets of 1500 bytes, the MTU of the interfaces, get lost from w1 (10.40.0.11) to cp1 (10.40.0.10), and those of 1400 arrive: " +
        "connections come about and then hang. Raise the MTU of what is between (switch, tunnel, VPN), " +
        "or give the interfaces of the machines the MTU 1400, also in network.mtu where that is set (PathMTU)",
    ]);
    expect(texts(answered("w1", "cp1", "stalls", { by: "server" }))[0]).toMatch(
      /get lost between w1 \(10\.40\.0\.11\) and cp1 \(10\.40\.0\.10\): .* the MTU what the path carries,/,
    );
  });
});
