using System.Net.Sockets;

namespace Mayfly.Packages.Transfer;

/// <summary>One file that is being read from one place.</summary>
internal sealed class Transfer(Stream contents, long start, long? length, Validators validators, Patience patience) : IDisposable
{
    /// <summary>The offset of the first byte that <see cref="ReadAsync"/> gives.</summary>
    public long Start => start;

    /// <summary>Bytes of the whole file, when the place says.</summary>
    public long? Length => length;

    public Validators Validators => validators;

    /// <summary>True when the file is still the one that was asked about; there is nothing to read then.</summary>
    public bool Unchanged { get; init; }

    /// <summary>Where it was found in the end, behind whatever redirections.</summary>
    public Uri? Address => Response?.RequestMessage?.RequestUri;

    /// <summary>What the place says that it is; null where it says nothing.</summary>
    public string? ContentType => Response?.Content.Headers.ContentType?.ToString();

    public HttpResponseMessage? Response { private get; init; }

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            patience.Renew();
            var read = await contents.ReadAsync(buffer, patience.Token).ConfigureAwait(false);
            // What has ended is not slow.
            if (read > 0)
                patience.Count(read);
            return read;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && Failure(e, patience) is { } failure)
        {
            throw failure;
        }
    }

    public void Dispose()
    {
        contents.Dispose();
        Response?.Dispose();
        patience.Dispose();
    }

    /// <summary>What a network's or disk's exception means, or null when it means a bug.</summary>
    internal static TransferException? Failure(Exception e, Patience patience) => e switch
    {
        OperationCanceledException when patience.Lost => new($"it gave no byte for {patience.Stall.TotalSeconds:0.#} s", transient: true, e),
        OperationCanceledException => new("the connection could not be made in time", transient: true, e),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => new("its host name is not known here", transient: true, e),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => new($"its TLS certificate was not accepted ({e.InnerException?.Message ?? e.Message})", transient: false, e),
        HttpRequestException { InnerException: SocketException socket } => new(Reason(socket), transient: true, e),
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => new("it broke off in the middle", transient: true, e),
        HttpRequestException or IOException => new(e.InnerException is SocketException socket ? Reason(socket) : e.Message, transient: true, e),
        _ => null,
    };

    private static string Reason(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "it refused the connection",
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData => "its host name is not known here",
        SocketError.NetworkUnreachable or SocketError.HostUnreachable => "there is no way to it from here",
        SocketError.ConnectionReset => "it broke off in the middle",
        _ => e.Message,
    };
}
