/** An error that is meant for a person: printed as it is, without a stack. */
export class HostProblem extends Error {
  constructor(
    readonly machine: string,
    message: string,
    /** Lines of the host's log that led up to it. */
    readonly tail: readonly string[] = [],
  ) {
    super(message);
  }

  /** What is printed: machine, message, then the tail. */
  report(): string {
    const head = this.machine === "" ? this.message : `${this.machine}: ${this.message}`;
    return this.tail.length === 0 ? head : `${head}\n${this.tail.map((line) => `  | ${line}`).join("\n")}`;
  }
}

/** No session with the machine came about; the classes below say why. Only `UnreachableError` says something of the machine. */
export class NoSessionError extends HostProblem {}

/**
 * The machine's own address has no route, refuses the connection or does not answer; through a bastion, that works, the
 * bastion says so. The one kind from which a removal may conclude that a machine is gone.
 */
export class UnreachableError extends NoSessionError {}

/** Something answers at the machine's address, and ends or never finishes the SSH handshake: the machine is there. */
export class HandshakeError extends NoSessionError {}

/** The host does not accept the user's key, or the key cannot be read. */
export class LoginRefusedError extends NoSessionError {}

/** The host shows another key than `hostKey`. Nothing was sent to it. */
export class HostKeyError extends NoSessionError {
  constructor(
    machine: string,
    message: string,
    /** What it shows, written as `hostKey`; undefined: it has no key of the type of `hostKey`. */
    readonly shown: string | undefined,
  ) {
    super(machine, message);
  }
}

/** The bastion: it cannot be reached, lets nobody in, shows another key, forwards nothing, or breaks off. */
export class BastionError extends NoSessionError {}

/** The name of the machine or of the bastion does not resolve: the resolver, a VPN or a typing error, not the machine. */
export class NameResolutionError extends NoSessionError {}

/** The computer that dials has no way into the network at all: no route to it, a VPN that is down, a local firewall. */
export class LocalNetworkError extends NoSessionError {}

/** The host's clock and the program's differ by more than certificates allow. */
export class ClockSkewError extends HostProblem {}

/** The connection broke off again and again while commands ran. */
export class ConnectionLostError extends HostProblem {}
