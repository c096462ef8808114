"""Counts the files and lines below a directory.

This sets up logging like any application. The Rust records need no set-up of their own.
"""

import argparse
import logging
import logging.config
import logging.handlers
import sys
import time

from . import walk

logger = logging.getLogger("treewalk")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="treewalk", description=__doc__.splitlines()[0])
    parser.add_argument("path")
    parser.add_argument("--log-level", default="INFO", help="TRACE, DEBUG, INFO, … (default INFO)")
    parser.add_argument("--console-level", default="NOTSET", help="the level of the console handler")
    parser.add_argument(
        "--logger",
        action="append",
        default=[],
        metavar="NAME=LEVEL",
        help="the level of one logger, such as ignore=DEBUG; may be given more than once",
    )
    parser.add_argument("--log-file", help="also log to this file, rotated at 1 MB, 5 old ones kept")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as there are cores")
    parser.add_argument("--watch", type=float, metavar="SECONDS", help="walk again and again")
    parser.add_argument(
        "--listen", type=int, metavar="PORT", help="take new logging configurations on that port"
    )
    return parser.parse_args()


def configure_logging(arguments):
    console = logging.StreamHandler()
    console.setLevel(arguments.console_level)
    handlers = [console]
    if arguments.log_file:
        handlers.append(
            logging.handlers.RotatingFileHandler(
                arguments.log_file, maxBytes=1_000_000, backupCount=5, encoding="utf-8"
            )
        )
    logging.basicConfig(
        level=arguments.log_level,
        format="%(asctime)s %(levelname)-8s %(name)s [%(threadName)s] %(message)s",
        handlers=handlers,
    )
    for setting in arguments.logger:
        name, _, level = setting.partition("=")
        logging.getLogger(name).setLevel(level)


def main():
    arguments = parse_arguments()
    configure_logging(arguments)
    if arguments.listen is not None:
        server = logging.config.listen(arguments.listen)
        server.daemon = True
        server.start()
        server.ready.wait()
        print(f"listening on port {server.port}", flush=True)
    try:
        while True:
            directories, files, lines = walk(arguments.path, arguments.threads)
            print(f"{directories} directories, {files} files, {lines} lines", flush=True)
            if arguments.watch is None:
                return 0
            time.sleep(arguments.watch)
    except OSError as error:
        logger.error("%s", error)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
