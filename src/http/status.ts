/** Status codes and their reason phrases (RFC 9110 §15 and the IANA registry). */

import { HttpMisuse } from './errors.ts'

/** Reason phrases by status. */
export const REASONS: Readonly<Record<number, string>> = {
  100: 'Continue',
  101: 'Switching Protocols',
  102: 'Processing',
  103: 'Early Hints',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  203: 'Non-Authoritative Information',
  204: 'No Content',
  205: 'Reset Content',
  206: 'Partial Content',
  207: 'Multi-Status',
  208: 'Already Reported',
  226: 'IM Used',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  305: 'Use Proxy',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  423: 'Locked',
  424: 'Failed Dependency',
  425: 'Too Early',
  426: 'Upgrade Required',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  506: 'Variant Also Negotiates',
  507: 'Insufficient Storage',
  508: 'Loop Detected',
  511: 'Network Authentication Required',
}

/** The phrase for a status; empty for one that is not registered (RFC 9112 §4 allows that). */
export function reasonPhrase(status: number): string {
  return REASONS[status] ?? ''
}

/** Whether a response with this status never has a body (RFC 9110 §6.4.1). */
export function isBodiless(status: number): boolean {
  return status < 200 || status === 204 || status === 304
}

/** Whether a server sends no content with this status, whatever the handler gives: 205 too (RFC 9110 §15.3.6). */
export function isWithoutContent(status: number): boolean {
  return isBodiless(status) || status === 205
}

/** Built once: the first line of every response there can be. */
const LINES: string[] = []
for (let status = 100; status < 1000; status++) LINES[status - 100] = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`

/** `HTTP/1.1 200 OK` with its CRLF. @throws HttpMisuse for what is no status. */
export function statusLine(status: number): string {
  const line = LINES[status - 100]
  // A text would be found, too: '200' - 100 is a number.
  if (line === undefined || typeof status !== 'number')
    throw new HttpMisuse(
      'HTTP_INVALID_STATUS',
      `status must be an integer from 100 to 999, not ${JSON.stringify(status)}`,
    )
  return line
}
