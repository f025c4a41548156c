using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Mayfly.Cli;

/// <summary>
/// Gives a script's folder the tool's own copies of the libraries that both have. The tool's are compiled ahead of time, those from
/// packages are not, and compiling them anew at each start takes longer than all that most verbs do.
/// </summary>
/// <remarks>
/// Same code only: the module version id must be the same, which compiling ahead of time keeps. Files are replaced by a rename, so that a
/// script that runs keeps what it has opened, and copied, never linked: the next build of the script writes into them.
/// </remarks>
internal static class ReadyAssemblies
{
    public static void Adopt(string folder, string toolFolder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.dll"))
        {
            try
            {
                var ready = Path.Combine(toolFolder, Path.GetFileName(path));
                if (!File.Exists(ready) || Read(path) is not ({ } module, false) || Read(ready) is not ({ } own, true) || module != own)
                    continue;
                var copy = $"{path}.{Environment.ProcessId}";
                File.Copy(ready, copy, overwrite: true);
                File.Move(copy, path, overwrite: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or BadImageFormatException)
            {
                // It runs all the same, only slower.
            }
        }
    }

    private static (Guid? Module, bool Ready) Read(string path)
    {
        using var reader = new PEReader(File.OpenRead(path));
        if (!reader.HasMetadata)
            return default;
        var metadata = reader.GetMetadataReader();
        // The header of ahead-of-time code (ECMA-335 II.25.3.3, ManagedNativeHeader).
        return (metadata.GetGuid(metadata.GetModuleDefinition().Mvid), reader.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0);
    }
}
