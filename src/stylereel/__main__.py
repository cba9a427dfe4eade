"""`python -m stylereel`: the command line, where its script is not on the PATH."""

if __name__ == "__main__":
    from stylereel.cli.main import main

    main()
