using Mayfly.Environments;
using Mayfly.Packages;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Cli.Env;

/// <summary>The file that says exactly what an environment has: <c>pylock.toml</c> (PEP 751).</summary>
internal static class LockFiles
{
    public const string Usual = "pylock.toml";

    /// <summary>Null when there is none.</summary>
    public static Pylock? Find(string path) => File.Exists(path) ? Read(path) : null;

    /// <summary>Tells the version of a folder, which its build says.</summary>
    public static Func<IndexFile, PythonVersion> VersionOf(Store store, Interpreter interpreter, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default) => file => file.Direct is { IsFolder: true }
        ? new SourceBuilder(store, interpreter, PythonRequirements.Of(PipConfiguration.OfHost(null).Options, new PythonSources(), interpreter.Target).Sources, progress).MetadataAsync(SourceTree.Of(file), cancellationToken).GetAwaiter().GetResult().Version
        : throw new MayflyException($"the lock says no version of {file.Direct?.Project}, and neither does the name of its archive", "make the lock anew: mayfly env lock");

    public static Pylock Read(string path)
    {
        try
        {
            return Pylock.Read(File.ReadAllText(path), Path.GetFileName(path), new Uri(Path.GetFullPath(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MayflyException($"{path} cannot be read: {(e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message)}", "mayfly env lock writes one; or name another with --lock", e);
        }
    }
}
