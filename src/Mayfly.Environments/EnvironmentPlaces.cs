namespace Mayfly.Environments;

/// <summary>Where environments are: by their names in one folder, as virtualenvwrapper has them, or anywhere by their paths.</summary>
/// <param name="Home">The folder of those that are known by a name.</param>
/// <param name="Active">The one that the shell is in; null for none.</param>
/// <param name="Folder">Where the command was given.</param>
public sealed record EnvironmentPlaces(string Home, string? Active, string Folder)
{
    /// <summary>Those of this process: <c>WORKON_HOME</c>, <c>VIRTUAL_ENV</c>.</summary>
    public static EnvironmentPlaces OfHost()
    {
        var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var home = Environment.GetEnvironmentVariable("WORKON_HOME") is { Length: > 0 } said ? said.StartsWith("~/", StringComparison.Ordinal) ? $"{user}{said[1..]}" : said : $"{user}/.virtualenvs";
        return new EnvironmentPlaces(Path.GetFullPath(home), Environment.GetEnvironmentVariable("VIRTUAL_ENV") is { Length: > 0 } active ? active : null, Directory.GetCurrentDirectory());
    }

    /// <summary>Where one of that name is, or would be.</summary>
    /// <param name="name">A name, or a path: that has a slash in it, or is <c>.</c> or <c>..</c>.</param>
    /// <exception cref="MayflyException">It can be no name.</exception>
    public string PathOf(string name)
    {
        if (name is "." or ".." || name.Contains('/', StringComparison.Ordinal))
            return Path.TrimEndingDirectorySeparator(Path.GetFullPath(name, Folder));
        // What begins with a dot is beside environments: states to go back to, locks.
        return name.Length > 0 && name[0] is not ('.' or '-') && !name.Any(char.IsControl) ? $"{Home}/{name}"
            : throw new MayflyException($"'{name}' is no name of an environment", "a name begins with neither a dot nor a hyphen; to name a path, write ./.venv");
    }

    /// <summary>The one that is meant where none is named: that of the shell, else <c>.venv</c> here or in a folder above.</summary>
    /// <exception cref="MayflyException">There is none.</exception>
    public string Current() => FindCurrent()
        ?? throw new MayflyException("no environment is named, and the shell is in none", "name one with --env, enter one (workon NAME), or make one here: mayfly env create ./.venv");

    /// <summary>The same, or null.</summary>
    public string? FindCurrent()
    {
        if (Active is not null)
            return Active;
        for (var folder = Folder; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists($"{folder}/.venv/pyvenv.cfg"))
                return $"{folder}/.venv";
        }

        return null;
    }

    /// <summary>The paths of those that are known by a name, in the order of the names.</summary>
    public IReadOnlyList<string> All() => !Directory.Exists(Home) ? []
        : [.. Directory.GetDirectories(Home).Where(static path => Path.GetFileName(path)[0] != '.' && File.Exists($"{path}/pyvenv.cfg")).OrderBy(static path => Path.GetFileName(path), StringComparer.Ordinal)];

    /// <summary>What people call the one at a path.</summary>
    public string NameOf(string path) => Path.GetDirectoryName(path) == Home ? Path.GetFileName(path) : path;
}
