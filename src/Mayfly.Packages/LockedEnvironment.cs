using Mayfly.Packages.Python;

namespace Mayfly.Packages;

/// <summary>Python's packages for one environment of an image, chosen together for the interpreter that the image has.</summary>
public sealed record LockedEnvironment
{
    /// <summary>The set of Debian packages over which it lies, which has its interpreter: the component's name.</summary>
    public required string Set { get; init; }

    /// <summary>Its absolute path in the image; no two environments of a set have the same.</summary>
    public required string Into { get; init; }

    /// <summary>What was asked for, as it was written and in that order.</summary>
    public required IReadOnlyList<string> Requests { get; init; }

    /// <summary>SHA-256 of all that was read to know what is asked for: the file and those that it names. A difference means that it must be chosen anew.</summary>
    public required string Answers { get; init; }

    /// <summary>What the wheels were chosen for: <c>cpython 3.11.2, glibc 2.36, x86_64</c>.</summary>
    public required string Interpreter { get; init; }

    /// <summary>In the order of their projects' names.</summary>
    public required IReadOnlyList<LockedWheel> Wheels { get; init; }
}

/// <summary>One wheel, fetched or built.</summary>
public sealed record LockedWheel
{
    /// <summary>What stands for an architecture where wheels stand beside Debian's packages.</summary>
    public const string Architecture = "python";

    /// <summary>In the place of an index, for what is named by where it is: a folder or a file of the stack's own, or an address or a repository elsewhere.</summary>
    public const string FromFolder = "folder", FromFile = "file", FromAddress = "address", FromRepository = "repository";

    /// <summary>The file's name, which says project, version, and what it runs on.</summary>
    public required string File { get; init; }

    /// <summary>Lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required long Size { get; init; }

    /// <summary>Which of the indexes had it, by its place in the order of asking and never its address: <c>index</c>, <c>index 2</c>, <c>links</c>; or that none had it.</summary>
    public required string Index { get; init; }

    /// <summary>Where it is, or what it is built from, if no index had it: a path from the lock's folder, or an address without a password or what stood for one; null otherwise.</summary>
    public string? From { get; init; }

    /// <summary>True for what lies beside the stack.</summary>
    public bool IsOwn => Index is FromFolder or FromFile;

    /// <summary>The projects among those beside it that it asked for.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>SHA-256 of the metadata that it was chosen by, in lower-case hexadecimal; null where that is not known. What it needs was read there, perhaps without the wheel.</summary>
    public string? Metadata { get; init; }

    /// <summary>What it is built from; null for one that is fetched as it is.</summary>
    public LockedSource? Source { get; init; }

    /// <summary>The file that somewhere is to be had: its sources, of one that is built.</summary>
    public (string File, string Sha256, long Size) Fetched => Source is { } source ? (source.File, source.Sha256, source.Size) : (File, Sha256, Size);

    /// <summary>What the file's name says.</summary>
    public WheelName ReadName() => WheelName.TryParse(File) ?? throw new InvalidOperationException($"{File} is no name of a wheel");

    /// <summary>As one package among Debian's, for whoever shows or compares both.</summary>
    public LockedPackage AsPackage() => new()
    {
        Name = ReadName().Project.Text,
        Version = ReadName().Version.ToString(),
        Architecture = Architecture,
        Sha256 = Sha256,
        Size = Size,
        Path = File,
        Release = Index,
    };
}

/// <summary>Sources that a wheel is built from in the image that it is for, and exactly what with: whoever has the lock builds the same bytes, or is told.</summary>
public sealed record LockedSource
{
    /// <summary>The archive's name.</summary>
    public required string File { get; init; }

    /// <summary>Of the archive, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Bytes of the archive.</summary>
    public required long Size { get; init; }

    /// <summary>Of a repository, which commit it is; null for anything else.</summary>
    public string? Commit { get; init; }

    /// <summary>The tag before the commit, and how far from it, as <c>git describe --long</c> said when it was locked; null where there was none.</summary>
    public string? Tag { get; init; }

    /// <summary>Where in it the project is; null for its root.</summary>
    public string? Subdirectory { get; init; }

    /// <summary>Of the Debian packages that it is built in (<see cref="Python.Locking.BuildPackages"/>): with others it is built anew.</summary>
    public required string Packages { get; init; }

    /// <summary>All wheels that are there while it is built, in the order of their projects' names.</summary>
    public required IReadOnlyList<LockedWheel> With { get; init; }
}
