using System.Text;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>Requirements files of other hosts, which pip takes in the place of a path.</summary>
public static class RemoteRequirements
{
    /// <summary>More than anybody writes.</summary>
    private const int Largest = 16 << 20;

    /// <summary>True for an address that is fetched.</summary>
    public static bool IsAddress(string path) => path.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || path.StartsWith("http://", StringComparison.OrdinalIgnoreCase);

    /// <summary>The text that is there now; nothing of it is kept.</summary>
    /// <param name="address">Where.</param>
    /// <param name="access">How it is reached.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">It is not to be had.</exception>
    public static async Task<string> ReadAsync(string address, NetworkAccess access, CancellationToken cancellationToken = default)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var place))
            throw new MayflyException($"{address} is no address of a requirements file", "an address begins with https:// or http://");
        var settings = TransferSettings.FromEnvironment();
        using var transport = new Transport(settings, access);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var transfer = await transport.OpenAsync(place, 0, null, cancellationToken).ConfigureAwait(false);
                using var body = new MemoryStream();
                var buffer = new byte[1 << 16];
                for (int read; (read = await transfer.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; body.Write(buffer, 0, read))
                {
                    if (body.Length + read > Largest)
                        throw new TransferException($"it has more than {Largest >> 20} MiB", transient: false);
                }

                if (transfer.Length is { } length && length != body.Length)
                    throw new TransferException($"it broke off after {body.Length} of {length} bytes", transient: true);
                body.Position = 0;
                return await new StreamReader(body, Encoding.UTF8).ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (TransferException e) when (!e.Transient || attempt == settings.Attempts)
            {
                throw new MayflyException($"{Login.Without(place)} cannot be read: {e.Message}", e.Offline ? "run it where the network may be used, or name a file of this machine" : e.LoginHint ?? "look at the network (and at https_proxy), or how the address is spelled", e);
            }
            catch (TransferException e)
            {
                await Task.Delay(e.After ?? settings.Pause * Math.Pow(2, attempt - 1), cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
