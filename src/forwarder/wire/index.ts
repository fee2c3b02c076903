/**
 * The language of a router's process and its forwarder: octets and values, no state, no time. `message.ts` has every message both ways,
 * length-prefixed, and refuses what is none.
 */
export {
  type EntryChange,
  encodeFrame,
  encodeMessage,
  type ForwarderNode,
  MAX_MESSAGE,
  type Message,
  MessageReader,
  type PortName,
  VERSION,
} from './message.js';
