/**
 * Where frames enter and leave: a cable in memory, a VXLAN tunnel, a VM's socket, a TAP device. A port is a node's *location*: which
 * node a frame is from is told by the port that it came in by, and never by what the frame says. So one node is at a port; nodes behind one
 * far end (a hypervisor, a bridge) have a port each, which VXLAN tells apart by the VNI.
 */

/**
 * Takes the Ethernet frame at `[start, end)` of `buffer`: destination first, no preamble, no frame check sequence.
 *
 * During the call the octets are the receiver's, to change in place (a router rewrites the header and passes the same buffer
 * on); after it they are the sender's again, so what is kept is copied. A frame that was passed on in that buffer is not changed any more: the
 * port may send it from there.
 *
 * @public
 */
export type FrameReceiver = (buffer: Uint8Array, start: number, end: number) => void;

/** One end of a link. @public */
export interface Port {
  /** Octets that a frame may carry after its Ethernet header. */
  readonly mtu: number;
  /** Whether batched system calls move its frames; undefined where that is no question. */
  readonly batched?: boolean | undefined;
  /** Names who is told of frames; replaces the one before. Without one they are lost. */
  listen(receiver: FrameReceiver | undefined): void;
  /** Sends the frame at `[start, end)`. What cannot be sent is dropped and counted by the port: a link promises nothing. Never throws. */
  send(buffer: Uint8Array, start: number, end: number): void;
  /** Lets go of what the port holds. Harmless when closed. */
  close(): Promise<void>;
}

/** What a port counts. @public */
export interface PortCounters {
  received: number;
  sent: number;
  /** Frames that could not be sent, or were not for anybody here. */
  dropped: number;
}
