using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Cli.Env;

/// <summary>The file that says exactly what an environment has: <c>pylock.toml</c> (PEP 751).</summary>
internal static class LockFiles
{
    public const string Usual = "pylock.toml";

    /// <summary>Null when there is none.</summary>
    public static Pylock? Find(string path) => File.Exists(path) ? Read(path) : null;

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
