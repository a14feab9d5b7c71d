"""A small TAP service over HTTP: SQLite behind it, ADQL's geometry as functions, real answers."""

import email.parser
import email.policy
import io
import re
import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import numpy as np
from astropy.coordinates import angular_separation
from astropy.io.votable import parse
from astropy.table import Table

ERROR = """<?xml version="1.0"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">
<INFO name="QUERY_STATUS" value="ERROR">{}</INFO></RESOURCE></VOTABLE>"""


def _contains(point, circle):
    ra, dec = map(float, point.split())
    at_ra, at_dec, radius = map(float, circle.split())
    return int(np.degrees(angular_separation(*np.radians([ra, dec, at_ra, at_dec]))) <= radius)


class TapService:
    """Serves tables at ``url``; ``plan`` is a list of misdeeds, one per query, then none."""

    def __init__(self, tables, limit=None):
        self.tables, self.limit = tables, limit
        self.plan, self.queries = [], []
        handler = type("Handler", (_Handler,), {"service": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/tap"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def run(self, adql, uploads):
        """Rows of a query, as an astropy Table."""
        base = sqlite3.connect(":memory:")
        base.create_function("POINT", 3, lambda _, a, d: f"{a!r} {d!r}")
        base.create_function("CIRCLE", 4, lambda _, a, d, r: f"{a!r} {d!r} {r!r}")
        base.create_function("CONTAINS", 2, _contains)
        for name, table in {**self.tables, **uploads}.items():
            frame = table.to_pandas() if isinstance(table, Table) else table
            frame.to_sql(name, base, index=False)
        cursor = base.execute(re.sub(r"TAP_UPLOAD\.", "", adql))
        names = [c[0] for c in cursor.description]
        rows = cursor.fetchall()
        columns = {n: [r[i] for r in rows] for i, n in enumerate(names)}
        table = Table()
        for name, values in columns.items():
            if values and all(isinstance(v, str) or v is None for v in values):
                table[name] = [v or "" for v in values]
            else:
                table[name] = np.array([np.nan if v is None else v for v in values])
        return table


class _Handler(BaseHTTPRequestHandler):
    service = None

    def log_message(self, *arguments):
        pass

    def _send(self, status, body, kind="application/x-votable+xml"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _fields(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers["Content-Type"]
        if "multipart" not in kind:
            return {k.upper(): v[0] for k, v in parse_qs(body.decode()).items()}, {}
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        fields, files = {}, {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            raw = part.get_payload(decode=True)
            if part.get_filename():
                files[name] = parse(io.BytesIO(raw)).get_first_table().to_table()
            else:
                fields[name.upper()] = raw.decode()
        return fields, files

    def do_POST(self):
        fields, uploads = self._fields()
        service = self.service
        service.queries.append(fields["QUERY"])
        misdeed = service.plan.pop(0) if service.plan else None
        if misdeed == "down":
            return self._send(503, b"busy", "text/plain")
        if misdeed == "garbage":
            return self._send(200, b"<html>Welcome to the hotel network</html>", "text/html")
        if misdeed == "error":
            text = ERROR.format("Column e_W1mag is not in the table.")
            return self._send(400, text.encode())
        table = service.run(fields["QUERY"], uploads)
        limit = min(service.limit or 10**9, int(fields.get("MAXREC", 10**9)))
        cut = len(table) > limit
        table = table[:limit]
        stream = io.BytesIO()
        from astropy.io.votable import from_table
        from astropy.io.votable.tree import Info

        document = from_table(table)
        resource = document.resources[0]
        resource.type = "results"
        resource.infos.append(Info(name="QUERY_STATUS", value="OK"))
        document.to_xml(stream)
        body = stream.getvalue()
        if cut:
            flag = b'<INFO name="QUERY_STATUS" value="OVERFLOW"/></RESOURCE>'
            body = body.replace(b"</RESOURCE>", flag)
        if misdeed == "half":
            self.send_response(200)
            self.send_header("Content-Type", "application/x-votable+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return None
        return self._send(200, body)
