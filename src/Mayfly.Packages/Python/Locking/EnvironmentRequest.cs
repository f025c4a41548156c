using System.Security.Cryptography;
using System.Text;

namespace Mayfly.Packages.Python.Locking;

/// <summary>What a component wants in one environment of its image.</summary>
/// <param name="Set">The component, whose set of Debian packages has the interpreter.</param>
/// <param name="File">A requirements file or a <c>pyproject.toml</c>, absolute.</param>
/// <param name="Into">Where the environment is in the image, absolute.</param>
public sealed record EnvironmentRequest(string Set, string File, string Into)
{
    /// <summary>Whose sources may be built, in the image.</summary>
    public BuildPermission Builds { get; init; } = BuildPermission.None;

    /// <summary>Reads the file, and all that it names.</summary>
    /// <exception cref="MayflyException">It is not there, or cannot be read.</exception>
    public RequestedDistributions Read()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (Path.GetFileName(File) != "pyproject.toml")
            return new RequestedDistributions(RequirementsFile.Read(File, Text, Environment.GetEnvironmentVariable), Digest());
        return new RequestedDistributions(PythonProject.Read(Text(File), File).Requirements(File, [], []), Digest());

        string Text(string path)
        {
            if (Resolving.RemoteRequirements.IsAddress(path))
                throw new MayflyException($"{File} names {path}, and what an image has is said by files beside its stack.cs", "fetch it, and name the file");
            try
            {
                var text = System.IO.File.ReadAllText(path.StartsWith("file:", StringComparison.OrdinalIgnoreCase) ? new Uri(path).LocalPath : path);
                hash.AppendData(Encoding.UTF8.GetBytes($"{text.Length}\n{text}\n"));
                return text;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new MayflyException(path == File ? $"component {Set} takes its Python packages from {path}, which cannot be read: {e.Message}" : $"{path}, which {File} names, cannot be read: {e.Message}", "paths are relative to stack.cs, and in a requirements file to that file", e);
            }
        }

        string Digest() => Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>What such a file says.</summary>
/// <param name="Requirements">All of it.</param>
/// <param name="Digest">SHA-256 of everything that was read: the same when nothing was edited.</param>
public sealed record RequestedDistributions(RequirementsFile Requirements, string Digest);
