"""What goes wrong, told as JSON: `{"error": {"text": ..., "hint": ...}}`."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from stylereel.core.errors import (
    EnvironmentMissingError,
    MemoryShortError,
    MissingInputError,
    RunnerFailedError,
    StylereelError,
)
from stylereel.studio.problem import Problem

_USUAL_TEXTS = {404: "There is nothing under this address.", 405: "This address does not take that method."}


def response_to(problem: Problem) -> JSONResponse:
    """A problem as an answer."""
    return told(problem.status, problem.text, problem.hint, problem.headers)


def told(status: int, text: str, hint: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    """A JSON answer for something that went wrong."""
    return JSONResponse({"error": {"text": text, "hint": hint}}, status, headers=headers)


def status_of(error: StylereelError) -> int:
    """The HTTP status for an error that an action raised."""
    if isinstance(error, MissingInputError):
        return 404
    if isinstance(error, (EnvironmentMissingError, MemoryShortError, RunnerFailedError)):
        return 503
    return 500 if error.exit_code == StylereelError.exit_code else 422


def add_problem_handlers(app: FastAPI) -> None:
    """Everything that goes wrong in a route is answered in the same form."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, problem: Problem) -> JSONResponse:
        return response_to(problem)

    @app.exception_handler(StylereelError)
    async def _ours(_: Request, error: StylereelError) -> JSONResponse:
        return told(status_of(error), str(error), " ".join(getattr(error, "__notes__", ())))

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return told(422, _findings(error), "The fields and their ranges are described at /api/docs.")

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        text = _USUAL_TEXTS.get(error.status_code, str(error.detail))
        return told(
            error.status_code, text, "The addresses are listed at /api/docs.", dict(error.headers or {})
        )

    @app.exception_handler(Exception)
    async def _ours_alone(_: Request, error: Exception) -> JSONResponse:
        return told(
            500,
            f"Something went wrong inside Stylereel ({type(error).__name__}). This is our bug.",
            "The terminal that the studio was started in shows where; report what it says.",
        )


def _findings(error: RequestValidationError) -> str:
    sentences = []
    for finding in error.errors():
        where = ".".join(str(part) for part in finding["loc"] if part not in ("body", "query", "path"))
        sentences.append(f"'{where}': {finding['msg']}." if where else f"{finding['msg']}.")
    return " ".join(sentences)
