import type { IncomingMessage, Server, ServerResponse } from 'node:http'

/** Requests whose body the client holds back until it is asked for. */
const heldBack = new WeakSet<IncomingMessage>()

/**
 * `Expect` (RFC 9110 section 10.1.1) decides nothing here: Node by itself would ask for the body before anybody had
 * judged the head, and answer any other expectation where nobody sees it.
 */
export function holdExpectations(server: Server): void {
  server.on('checkContinue', (request, response) => {
    heldBack.add(request)
    server.emit('request', request, response)
  })
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
}

/** For a request that was let in: asks for the body if the client waits to be asked. */
export function askForBody(request: IncomingMessage, response: ServerResponse): void {
  if (heldBack.delete(request)) response.writeContinue()
}
