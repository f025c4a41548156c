import socket

HOSTNAME = socket.gethostname()


def served_by(get_response):
    """Says in every answer which replica gave it, and keeps pages from fetching anything from elsewhere."""

    def middleware(request):
        response = get_response(request)
        response["X-Served-By"] = HOSTNAME
        if not request.path.startswith("/admin/"):
            response["Content-Security-Policy"] = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'"
        return response

    return middleware
