// A line on stderr now and then: how far, and how long it will take.
const EVERY = 15_000; // ms

export class Progress {
  #what;
  #total;
  #started = Date.now();
  #said = 0;

  constructor(what, total) {
    this.#what = what;
    this.#total = total;
  }

  at(done, more) {
    const now = Date.now();
    if (now - this.#said < EVERY && done < this.#total) return;
    this.#said = now;
    const minutes = done ? ((now - this.#started) / done) * (this.#total - done) / 60_000 : 0;
    console.error(`mutate: ${done}/${this.#total} ${this.#what}, ${more}; ${minutes.toFixed(1)} min to go`);
  }
}
