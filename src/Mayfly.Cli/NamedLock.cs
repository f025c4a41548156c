using Mayfly.Packages;

namespace Mayfly.Cli;

/// <summary>The lock that a word of the command line means: that of the folder, that beside the script, or the file itself.</summary>
internal static class NamedLock
{
    public static string PathOf(string word) => Directory.Exists(word) ? Path.Combine(word, LockFile.Name)
        : word.EndsWith(".cs", StringComparison.Ordinal) ? Path.Combine(Path.GetDirectoryName(word) ?? "", LockFile.Name)
        : word;

    /// <summary>What is told when it is not there.</summary>
    public static MayflyException Missing(string word) =>
        new($"there is no {PathOf(word)}", $"mayfly lock {(PathOf(word) == word ? "FOLDER" : word)} writes one");
}
