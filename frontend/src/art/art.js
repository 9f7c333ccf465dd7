// Pictures that templates name: each gets a hashed file and a line in the manifest.
import "./hero.svg?url";
