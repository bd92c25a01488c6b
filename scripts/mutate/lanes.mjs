/** Works on `jobs` in order, so many at once; ends early where `work` answers false. */
export async function inLanes(count, jobs, work) {
  const queue = [...jobs];
  const lane = async () => {
    while (queue.length) if ((await work(queue.shift())) === false) queue.length = 0;
  };
  await Promise.all(Array.from({ length: count }, lane));
}
