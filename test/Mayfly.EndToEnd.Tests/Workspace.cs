using System.Text;

namespace Mayfly.EndToEnd.Tests;

/// <summary>
/// A folder of stacks that tests may edit, with the build files of <c>examples</c> above them and the launcher's build beside,
/// as in the repository.
/// </summary>
internal sealed class Workspace : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-tried-");

    public Workspace() => File.CreateSymbolicLink(Path.Combine(_folder.FullName, ".mayfly"), Path.Combine(Tool.Repository, ".mayfly"));

    public string FolderOf(string stack) => Path.Combine(_folder.FullName, "examples", stack);

    /// <summary>Copies a tree below <c>examples</c>; what is the same already is not touched, so that it is not built again.</summary>
    /// <param name="source">The tree.</param>
    /// <param name="into">The folder below <c>examples</c>, or nothing.</param>
    /// <param name="edit">Given a file's path in the tree and its text, the text to write.</param>
    public void Copy(string source, string into, Func<string, string, string>? edit = null)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(source, file);
            if (relative.Split('/').Any(part => part is "bin" or "obj" or "__pycache__" or "stack.lock"))
                continue;
            var copy = Path.Combine(FolderOf(into), relative);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            var bytes = File.ReadAllBytes(file);
            if (edit is not null && relative.EndsWith(".cs", StringComparison.Ordinal))
                bytes = Encoding.UTF8.GetBytes(edit(relative, Encoding.UTF8.GetString(bytes)));
            if (!File.Exists(copy) || !File.ReadAllBytes(copy).AsSpan().SequenceEqual(bytes))
                File.WriteAllBytes(copy, bytes);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
