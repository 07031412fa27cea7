/** One HTTP GET: prints { status, body } as JSON. Runs inside a namespace. */
const [url, token] = process.argv.slice(2);
const answer = await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
process.stdout.write(JSON.stringify({ status: answer.status, body: await answer.text() }));
