// What a verifier says of a file that it does not accept: what was expected, what came, and where.

export class Refused extends Error {
  constructor(message, pointer = "") {
    super(message);
    this.pointer = pointer;
  }

  get sentence() {
    return this.pointer ? `${this.pointer}: ${this.message}` : this.message;
  }
}

export function refuse(message, pointer = "") {
  throw new Refused(message, pointer);
}

// A value that came from outside, as far as it fits into a sentence.
export const shown = (value) => (typeof value === "string" ? value.slice(0, 80) : `of type ${typeof value}`);

export function under(prefix, read) {
  try {
    return read();
  } catch (fault) {
    if (fault instanceof Refused) fault.pointer = prefix + fault.pointer;
    throw fault;
  }
}
