namespace Mayfly.Images;

/// <summary>How an image is made: a locked set of packages over the shared base, then steps in order. Pure data.</summary>
public sealed record ImageRecipe
{
    /// <summary>The name that the image is listed under: the component's, qualified by its stack.</summary>
    public required string Name { get; init; }

    /// <summary>The set of the lock that is this image's own, over the lock's base set; null for the bare base.</summary>
    public string? PackageSet { get; init; }

    /// <summary>Files that must be there before the packages' scripts run, such as answers they look for.</summary>
    public IReadOnlyList<FileStep> Before { get; init; } = [];

    /// <summary>Environments of Python packages over the set, each a layer of its own; the lock has them by set and path.</summary>
    public IReadOnlyList<ImageEnvironment> Environments { get; init; } = [];

    /// <summary>What follows the packages, in order; each step is a layer keyed by its inputs and those of all before it.</summary>
    public IReadOnlyList<RecipeStep> Steps { get; init; } = [];
}

/// <summary>An environment of Python packages in an image.</summary>
/// <param name="Into">Its absolute path.</param>
/// <param name="SystemPackages">True when it sees the interpreter's own packages too.</param>
public sealed record ImageEnvironment(string Into, bool SystemPackages = false);

/// <summary>One step of a recipe.</summary>
public abstract record RecipeStep;

/// <summary>Files and folders put into the image.</summary>
/// <param name="Files">What goes where.</param>
public sealed record FileStep(IReadOnlyList<ImageFile> Files) : RecipeStep;

/// <summary>A command run at build time inside the image, as root, without network; it must end with exit code 0.</summary>
/// <param name="Command">The argument vector; nothing is interpreted by a shell unless it names one.</param>
public sealed record CommandStep(IReadOnlyList<string> Command) : RecipeStep
{
    /// <summary>The user that runs it, by the image's own names.</summary>
    public string User { get; init; } = "root";

    public string WorkingDirectory { get; init; } = "/";

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

/// <summary>One file of a <see cref="FileStep"/>: either a copy of the host's file or folder, or contents given as text.</summary>
public sealed record ImageFile
{
    /// <summary>The absolute path inside the image. A folder's contents are put below it.</summary>
    public required string Path { get; init; }

    /// <summary>The file or folder on the host, absolute; null when <see cref="Text"/> holds the contents.</summary>
    public string? Source { get; init; }

    /// <summary>The contents, for rendered templates and generated configuration.</summary>
    public string? Text { get; init; }

    /// <summary>Owner and group by the image's own names, such as <c>www-data:www-data</c>.</summary>
    public string Owner { get; init; } = "root:root";

    /// <summary>Mode bits of files; null keeps the execute bit of the source and otherwise means 0644. Folders get 0755.</summary>
    public int? Mode { get; init; }

    /// <summary>Names below a copied folder that stay outside, as glob patterns (<c>*.pyc</c>, <c>__pycache__</c>, <c>.git</c>).</summary>
    public IReadOnlyList<string> Except { get; init; } = [];
}
