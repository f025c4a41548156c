using System.Globalization;
using System.Text;
using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Environments;

/// <summary>The right to change an environment, which one process has at a time.</summary>
/// <remarks>
/// It is the flock of a file beside the environment, whose name survives every change of it; the kernel releases it when its process ends in whatever way. What is in the file is for those
/// who wait: who has the right, and since when. It goes with its environment; who waited for it then finds another file, or none, below its name, and begins anew.
/// </remarks>
internal sealed class EnvironmentTurn : IDisposable
{
    private readonly SafeFileHandle _file;

    private readonly string _path;

    private EnvironmentTurn(SafeFileHandle file, string path) => (_file, _path) = (file, path);

    /// <summary>Waits for it.</summary>
    /// <param name="root">The environment's path.</param>
    /// <param name="progress">Told for whom it waits.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static EnvironmentTurn Take(string root, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        var path = $"{Path.GetDirectoryName(root)}/.{Path.GetFileName(root)}.lock";
        while (true)
        {
            var file = FileHandles.OpenOrCreate(path);
            try
            {
                for (var told = ""; !Files.Lock(file, exclusive: true, wait: false); cancellationToken.WaitHandle.WaitOne(50))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (Holder(file) is { Length: > 0 } holder && holder != told)
                        progress?.Report(new Activity("wait", $"{Path.GetFileName(root)} is being changed by {told = holder}"));
                }

                var text = string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} since {DateTime.Now:HH:mm:ss}");
                RandomAccess.SetLength(file, 0);
                RandomAccess.Write(file, Encoding.UTF8.GetBytes($"{text}\n"), 0);
                if (Named(path) == text)
                    return new EnvironmentTurn(file, path);
                file.Dispose();
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
    }

    /// <summary>The environment is gone, and nobody needs the file any more.</summary>
    public void Remove() => File.Delete(_path);

    public void Dispose() => _file.Dispose();

    /// <summary>What is in the file of that name now; null when there is none.</summary>
    private static string? Named(string path)
    {
        if (!File.Exists(path))
            return null;
        using var file = FileHandles.OpenOrCreate(path);
        return Holder(file);
    }

    private static string Holder(SafeFileHandle file)
    {
        var text = new byte[100];
        return Encoding.UTF8.GetString(text, 0, RandomAccess.Read(file, text, 0)).Trim();
    }
}
