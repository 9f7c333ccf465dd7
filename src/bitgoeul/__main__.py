from bitgoeul.site.cli import main

if __name__ == "__main__":
    main()
