using Mayfly.Linux;

namespace Mayfly.Packages;

/// <summary>A folder of the store's <c>tmp/</c> that one piece of work owns; whatever was not committed goes with it.</summary>
public sealed class WorkFolder : IDisposable
{
    internal WorkFolder(string path) => Path = path;

    public string Path { get; }

    public void Dispose() => Remove(Path);

    /// <summary>Removes a file or tree without following links, however deep a build has made it; what cannot be removed stays for the next opening of the store.</summary>
    internal static void Remove(string path)
    {
        try
        {
            Trees.Remove(path);
        }
        catch (LinuxException)
        {
        }
    }
}
