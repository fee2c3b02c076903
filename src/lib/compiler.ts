/** The engine's compiler, as far as it can be told anything. @public */
export interface Compiler {
  /** What runs from now on is compiled sooner than it would be, until what is returned is called. */
  hasten(): () => void;
}
