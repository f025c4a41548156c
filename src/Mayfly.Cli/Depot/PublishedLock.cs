using System.Text.RegularExpressions;
using Mayfly.Cli.Env;
using Mayfly.Packages.Depots;

namespace Mayfly.Cli.Depot;

/// <summary>What kind of lock it is.</summary>
internal enum LockKind
{
    /// <summary>A stack's, with Debian's packages and perhaps wheels.</summary>
    Stack,

    /// <summary>A <c>pylock.toml</c> (PEP 751).</summary>
    Python,

    /// <summary>A requirements file in which every line has a version and digests.</summary>
    Requirements,
}

/// <summary>The lock that is to be published.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Name">What the depot lists it under.</param>
/// <param name="Kind">Which kind it is.</param>
internal sealed partial record PublishedLock(string Path, string Name, LockKind Kind)
{
    /// <summary>The one that a word of the command line means: a folder's <c>stack.lock</c>, else its <c>pylock.toml</c>; or the file itself.</summary>
    /// <exception cref="MayflyException">There is none.</exception>
    public static PublishedLock Of(string word)
    {
        var path = NamedLock.PathOf(word);
        if (Directory.Exists(word) && !File.Exists(path) && File.Exists(System.IO.Path.Combine(word, LockFiles.Usual)))
            path = System.IO.Path.Combine(word, LockFiles.Usual);
        if (!File.Exists(path))
            throw Directory.Exists(word) ? new MayflyException($"there is neither {path} nor {System.IO.Path.Combine(word, LockFiles.Usual)}", $"mayfly lock {word} writes a stack's, mayfly env lock that of Python packages") : NamedLock.Missing(word);
        var file = System.IO.Path.GetFileName(path);
        if (file == "pyproject.toml")
            throw new MayflyException($"{path} says what a project needs, and not exactly which versions", "mayfly env lock writes a pylock.toml: publish that");
        var kind = file.EndsWith(".toml", StringComparison.Ordinal) ? LockKind.Python : file.EndsWith(".txt", StringComparison.Ordinal) ? LockKind.Requirements : LockKind.Stack;
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        // A folder may have several, each of which has its own history: pylock.dev.toml is another one than pylock.toml.
        var part = kind == LockKind.Stack ? "" : Part().Match(file).Groups["part"].Value;
        return new PublishedLock(path, DepotLock.NameOf(part.Length > 0 ? System.IO.Path.Combine(folder, $"{System.IO.Path.GetFileName(folder)}.{part}") : folder), kind);
    }

    [GeneratedRegex(@"^(?:(?:pylock|requirements)[.-])?(?<part>.*?)\.?(?:toml|txt)$")]
    private static partial Regex Part();
}
