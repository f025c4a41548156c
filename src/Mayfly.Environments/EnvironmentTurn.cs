using System.Globalization;
using System.Text;
using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Environments;

/// <summary>The right to change an environment, which one process has at a time.</summary>
/// <remarks>
/// It is the flock of a file beside the environment, whose name survives every change of it; the kernel releases it when its process ends in whatever way. What is in the file is for those
/// who wait: who has the right, and since when. The file stays, for a name that is removed under somebody who waits would be two locks.
/// </remarks>
internal sealed class EnvironmentTurn : IDisposable
{
    private readonly SafeFileHandle _file;

    private EnvironmentTurn(SafeFileHandle file) => _file = file;

    /// <param name="root">The environment's path.</param>
    /// <param name="progress">Told for whom it waits.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static EnvironmentTurn Take(string root, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        var file = FileHandles.OpenOrCreate($"{Path.GetDirectoryName(root)}/.{Path.GetFileName(root)}.lock");
        try
        {
            for (var told = ""; !Files.Lock(file, exclusive: true, wait: false); cancellationToken.WaitHandle.WaitOne(50))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Holder(file) is { Length: > 0 } holder && holder != told)
                    progress?.Report(new Activity("wait", $"{Path.GetFileName(root)} is being changed by {told = holder}"));
            }

            var text = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} since {DateTime.Now:HH:mm:ss}\n"));
            RandomAccess.SetLength(file, 0);
            RandomAccess.Write(file, text, 0);
            return new EnvironmentTurn(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    private static string Holder(SafeFileHandle file)
    {
        var text = new byte[100];
        return Encoding.UTF8.GetString(text, 0, RandomAccess.Read(file, text, 0)).Trim();
    }
}
